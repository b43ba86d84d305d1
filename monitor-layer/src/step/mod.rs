//! The runtime of `#[instrument_step]`.

mod look;
mod running;
mod site;

use self::running::RunningStep;
pub(crate) use self::site::SiteTable;
pub use self::{
    look::{
        Look, LookBorrowed, ViaCategorize, ViaDisplay, ViaError, ViaLent, ViaLocal, ViaNothing,
        ViaType,
    },
    site::StepSite,
};
use crate::{error::Reported, work};

/// Runs an async step.
///
/// A plain function that returns a future: an `async fn` would store the body twice.
pub fn run<F, L>(
    site: &'static StepSite,
    body: F,
    look: L,
) -> impl Future<Output = F::Output> + use<F, L>
where
    F: Future,
    L: FnOnce(&F::Output) -> Option<Reported<'_>>,
{
    work::observe(body, move || RunningStep::start(site), look)
}

/// Runs a step that is a plain function.
pub fn run_sync<R, L>(site: &'static StepSite, body: impl FnOnce() -> R, look: L) -> R
where
    L: FnOnce(&R) -> Option<Reported<'_>>,
{
    work::observe_call(RunningStep::start(site), body, look)
}
