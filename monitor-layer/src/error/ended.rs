//! What is made of an exchange, an attempt of a job or a step that is over, beside its failure.

use std::time::Duration;

use super::Capture;
#[cfg(feature = "sentry")]
use crate::{error::sentry::SessionEnd, exchange::End};
use crate::{
    exchange::Outcome,
    monitor::Core,
    trace::current::{self, Scope},
};

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
        #[cfg(not(feature = "sentry"))]
        let _ = (attempt.niche, attempt.end, attempt.elapsed);
    }

    /// The step that is current is over.
    #[inline]
    /// Whether a step of this scope is to be told of by [`step_ended`](Self::step_ended).
    pub(crate) fn follow_step(&self, scope: &Scope) -> bool {
        #[cfg(feature = "sentry")]
        return self
            .sentry()
            .is_some_and(|sentry| sentry.follows_step(scope));
        #[cfg(not(feature = "sentry"))]
        {
            let _ = scope;
            false
        }
    }

    pub(crate) fn step_ended(&self, name: &str, succeeded: bool, elapsed: Duration) {
        #[cfg(feature = "sentry")]
        if let Some(sentry) = self.sentry() {
            sentry.step_ended(name, succeeded, elapsed);
        }
        #[cfg(not(feature = "sentry"))]
        let _ = (name, succeeded, elapsed);
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::{io, sync::Arc};

    use super::*;
    use crate::{
        ErrorLevel, capture_error,
        error::{Failure, Origin, Reported},
        testing::TestMonitor,
        trace::{
            TraceContext,
            current::{Scope, enter},
        },
        unit::{State, Unit},
    };

    fn job(monitor: &TestMonitor) -> Option<Box<Scope>> {
        let core = monitor.core();
        let context = TraceContext::root(&core.sampler);
        let mut scope = Scope::new(context, Some(Arc::clone(core)));
        scope.unit = Some(Arc::new(Unit::new(State {
            job: Some("job-1".into()),
            niche: Some("finance".into()),
            attempt: Some(1),
            ..State::default()
        })));
        Some(scope.boxed())
    }

    fn fail(core: &Core) {
        let error = io::Error::other("no disk");
        let failure = Failure::reported(core, &Reported::error::<io::Error>(&error), None);
        core.errors.capture(core, Origin::Job, failure);
    }

    fn end(core: &Core, retried: bool) {
        core.errors.attempt_ended(
            core,
            &Attempt {
                niche: "finance",
                end: AttemptEnd::Failed,
                retried,
                elapsed: Duration::ZERO,
            },
        );
    }

    #[test]
    fn what_fails_in_an_attempt_that_is_not_the_last_is_a_warning() {
        let monitor = TestMonitor::new("api");
        let core = monitor.core();
        enter(&mut job(&monitor), || {
            capture_error("worth to be known").level(ErrorLevel::Info);
            fail(core);
            assert!(monitor.errors().is_empty(), "the attempt is not over");
            end(core, true);
            current::with_current(|scope| {
                let unit = scope.and_then(|scope| scope.unit.clone());
                unit.into_iter()
                    .for_each(|unit| unit.lock().attempt = Some(2));
            });
            fail(core);
            end(core, false);
            fail(core);
        });
        let told = monitor
            .errors()
            .into_iter()
            .map(|event| (event.level, event.attempt));
        use ErrorLevel::{Error, Info, Warning};
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                (Info, Some(1)),
                (Warning, Some(1)),
                (Error, Some(2)),
                (Error, Some(2))
            ],
            "and what comes after its last attempt does not wait"
        );
        assert_eq!(monitor.metric("errors_total", []), 4.0);
    }
}
