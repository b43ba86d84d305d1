//! How much is logged while the service runs: levels that change, repeats that are limited, exchanges that are thinned.

mod directives;
mod filter;
mod held;
mod levels;
mod repeats;
mod thinning;

pub(crate) use self::{
    directives::Directives,
    held::{Held, HeldLines, Lines},
    levels::Levels,
    repeats::{Admitted, RepeatLimit, Repeats, Suppressed},
    thinning::{Fate, LogRatio, ThinnedExchange, Thinning},
};
pub use self::{directives::InvalidLogLevel, filter::LogFilter};
