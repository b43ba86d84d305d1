use std::sync::Arc;

use tracing::{Level, Span, info_span};

use super::StepSite;
use crate::{
    clock::Start,
    error::{Failure, Origin},
    exchange::guarded,
    log::Key,
    metrics::{StepMetrics, StepStatus},
    monitor::{Core, current_core},
    trace::{
        TraceContext,
        current::{self, Scope},
        spans::STEP_TARGET,
    },
    work::{Work, WorkEnd},
};

/// A step that is under way.
pub(super) struct RunningStep {
    name: &'static str,
    /// Lent to the thread while the step runs. `None` where there is no monitor and no trace to be part of.
    scope: Option<Box<Scope>>,
    span: Span,
    observed: Option<Observed>,
}

/// What a step has where there is a monitor.
struct Observed {
    core: Arc<Core>,
    instruments: Arc<StepMetrics>,
    started: Start,
}

impl RunningStep {
    pub(super) fn start(site: &'static StepSite) -> Self {
        let name = site.name();
        let core = current_core();
        let mut scope = current::with_current(|outer| outer.map(Scope::child)).or_else(|| {
            let core = core.as_ref()?;
            Some(Scope::new(TraceContext::root(&core.sampler), None))
        });
        if let Some(scope) = &mut scope {
            scope.step = Some(name);
            scope.catches_panics = true;
            scope.core.clone_from(&core);
        }
        let mut scope = scope.map(Scope::boxed);
        // A subscriber of the user's may panic: the step runs all the same.
        let span = guarded(|| {
            current::enter(
                &mut scope,
                || info_span!(target: STEP_TARGET, "step", step = name),
            )
        });
        let observed = core.map(|core| Observed {
            instruments: core.steps.instruments(site, &core.metrics),
            started: Start::now(),
            core,
        });
        if let Some(Observed {
            core, instruments, ..
        }) = &observed
        {
            instruments.started();
            current::enter(&mut scope, || {
                core.log
                    .line(core, STEP_TARGET, Level::INFO, "Step started", |fields| {
                        fields.string(Key::STEP, name);
                    });
            });
        }
        Self {
            name,
            scope,
            span: span.unwrap_or_else(Span::none),
            observed,
        }
    }

    fn tell(&self, observed: &Observed, end: &WorkEnd<'_>) {
        let Observed {
            core,
            instruments,
            started,
        } = observed;
        let elapsed = started.elapsed();
        let (status, failure) = match end {
            WorkEnd::Success => (StepStatus::Success, None),
            WorkEnd::Error(reported) => {
                (StepStatus::Error, Some(Failure::reported(core, reported)))
            }
            WorkEnd::Panicked(message) => {
                (StepStatus::Panicked, Some(Failure::panicked(core, message)))
            }
            WorkEnd::Cancelled => (StepStatus::Cancelled, None),
        };
        instruments.ended(status, elapsed);
        let failure =
            failure.map(|failure| core.errors.capture(core, Origin::Step(self.name), failure));
        let (level, message) = match status {
            StepStatus::Success => (Level::INFO, "Step completed"),
            StepStatus::Cancelled => (Level::WARN, "Step failed"),
            StepStatus::Error | StepStatus::Panicked => (Level::ERROR, "Step failed"),
        };
        core.log.line(core, STEP_TARGET, level, message, |fields| {
            fields.string(Key::STEP, self.name);
            fields.milliseconds(Key::DURATION_MS, elapsed);
            if status != StepStatus::Success {
                fields.known(Key::STATUS, status.as_str());
            }
            if let Some(failure) = &failure {
                fields.failure(Key::ERROR, failure);
                fields.known(Key::CATEGORY, failure.classification.category.as_str());
            }
        });
        (core.errors).step_ended(self.name, status == StepStatus::Success, elapsed);
        #[cfg(feature = "otlp")]
        crate::trace::otlp::ended_step(core, self.name, status, failure.as_ref(), elapsed);
    }
}

impl Work for RunningStep {
    fn within<R>(&mut self, part: impl FnOnce() -> R) -> R {
        current::enter(&mut self.scope, || self.span.in_scope(part))
    }

    fn end(mut self, end: WorkEnd<'_>) {
        let Some(observed) = self.observed.take() else {
            return;
        };
        let mut scope = self.scope.take();
        current::enter(&mut scope, || self.tell(&observed, &end));
        current::recycle(scope);
    }
}
