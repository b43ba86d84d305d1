//! Failures: what kind they are, and putting each, once, where people look.

mod capture;
mod category;
mod chain;
mod classify;
mod event;
mod exchange;
mod failure;
#[cfg(feature = "sentry")]
mod sentry;

#[cfg(feature = "sentry")]
pub(crate) use self::sentry::{Settings as SentrySettings, Sink as SentrySink};
pub(crate) use self::{
    capture::{Capture, Origin, Sinks},
    chain::{chain, shown, text},
    classify::Classifier,
    exchange::capture_exchange,
    failure::Failure,
};
pub use self::{
    category::{Categorize, Category, UnknownCategory},
    classify::Classification,
    event::ErrorEvent,
    failure::{AsReported, Reported},
};
