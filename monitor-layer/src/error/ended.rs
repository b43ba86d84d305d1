//! What is made of an exchange, an attempt of a job or a step that is over, beside its failure.

use std::time::Duration;

use super::Capture;
#[cfg(feature = "sentry")]
use crate::{error::sentry::SessionEnd, exchange::End};
use crate::{exchange::Outcome, monitor::Core, trace::current};

/// How an attempt of a job ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) niche: &'a str,
    pub(crate) end: AttemptEnd,
    /// The job will be tried again.
    pub(crate) retried: bool,
    pub(crate) elapsed: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptEnd {
    Succeeded,
    Failed,
    Panicked,
    Cancelled,
}

impl Capture {
    /// The exchange that is current is over, and with it the waiting of what failed in it.
    pub(crate) fn exchange_ended(&self, core: &Core, outcome: &Outcome<'_>, failed: bool) {
        let unit = current::with_current(|scope| scope?.unit.clone());
        if let Some(unit) = unit {
            // Known at last, for whatever failed before it was.
            if let Some(route) = outcome.route {
                unit.lock().route = Some(route.clone());
            }
            self.unit_ended(core, &unit, false);
        }
        #[cfg(feature = "sentry")]
        if let Some(sentry) = self.sentry() {
            let end = match outcome.end {
                End::Panicked => SessionEnd::Crashed,
                _ if failed => SessionEnd::Errored,
                _ => SessionEnd::Exited,
            };
            sentry.exchange_ended(core, end, outcome);
        }
        #[cfg(not(feature = "sentry"))]
        let _ = failed;
    }

    /// The attempt of a job that is current is over.
    pub(crate) fn attempt_ended(&self, core: &Core, attempt: &Attempt<'_>) {
        let unit = current::with_current(|scope| scope?.unit.clone());
        if let Some(unit) = unit {
            self.unit_ended(core, &unit, attempt.retried);
        }
        #[cfg(feature = "sentry")]
        if let Some(sentry) = self.sentry() {
            let end = match attempt.end {
                AttemptEnd::Panicked => SessionEnd::Crashed,
                AttemptEnd::Failed => SessionEnd::Errored,
                AttemptEnd::Succeeded | AttemptEnd::Cancelled => SessionEnd::Exited,
            };
            sentry.attempt_ended(core, end, attempt);
        }
    }

    /// The step that is current is over.
    #[inline]
    pub(crate) fn step_ended(&self, name: &str, succeeded: bool, elapsed: Duration) {
        #[cfg(feature = "sentry")]
        if let Some(sentry) = self.sentry() {
            sentry.step_ended(name, succeeded, elapsed);
        }
        #[cfg(not(feature = "sentry"))]
        let _ = (name, succeeded, elapsed);
    }
}
