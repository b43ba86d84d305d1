use std::sync::Arc;

use tracing::{Level, Span, field::Value};

use super::{Step, StepFields, StepSite, site::STEP_FIELD};
use crate::{
    clock,
    error::{Failure, Origin},
    exchange::guarded,
    log::Key,
    metrics::StepStatus,
    monitor::{Core, current_core},
    trace::{
        TraceContext,
        current::{self, Scope},
    },
    work::{Start, Work, WorkEnd},
};

/// The target of the step lines, for directives in `LOG_LEVEL`; a step's span has its function's module for a target.
const TARGET: &str = "monitor_layer::step";

/// A step that is under way.
pub(crate) struct RunningStep {
    site: &'static StepSite,
    /// Lent to the thread while the step runs. `None` where there is no monitor and no trace to be part of.
    scope: Option<Box<Scope>>,
    span: Span,
    /// Where there is a monitor.
    core: Option<Arc<Core>>,
    fields: Option<Arc<StepFields>>,
    started: clock::Start,
}

impl RunningStep {
    fn start(step: Step) -> Self {
        let Step { site, core, fields } = step;
        let core = core.or_else(current_core);
        let mut scope = current::with_current(|outer| outer.map(Scope::child)).or_else(|| {
            let core = core.as_ref()?;
            Some(Scope::new(TraceContext::root(&core.sampler), None))
        });
        if let Some(scope) = &mut scope {
            scope.step = Some(site);
            scope.core.clone_from(&core);
        }
        let mut scope = scope.map(Scope::boxed);
        let span = match site.wants_span() {
            // A subscriber of the user's may panic: the step runs all the same.
            true => guarded(|| current::enter(&mut scope, || span(site, fields.as_deref()))),
            false => None,
        };
        let mut this = Self {
            site,
            scope,
            span: span.unwrap_or_else(Span::none),
            core,
            fields,
            started: clock::Start::now(),
        };
        if let Some(core) = &this.core {
            core.steps.instruments(site, &core.metrics).started();
            let level = *site.metadata().level();
            if core.log.enabled(TARGET, level) {
                current::enter(&mut this.scope, || {
                    core.log
                        .line(core, TARGET, level, "Step started", |fields| {
                            fields.string(Key::STEP, site.name());
                            fields.of_step(this.fields.as_deref());
                        });
                });
            }
        }
        this
    }

    fn tell(&self, core: &Arc<Core>, end: &WorkEnd<'_>) {
        let elapsed = self.started.elapsed();
        let (status, failure) = match end {
            WorkEnd::Success => (StepStatus::Success, None),
            WorkEnd::Error(reported) => {
                let failure = Failure::reported(core, reported, self.site.error_category());
                (StepStatus::Error, Some(failure))
            }
            WorkEnd::Panicked(message) => {
                (StepStatus::Panicked, Some(Failure::panicked(core, message)))
            }
            WorkEnd::Cancelled => (StepStatus::Cancelled, None),
        };
        let slow = self.site.slow_after().filter(|limit| elapsed > *limit);
        let name = self.site.name();
        let instruments = core.steps.instruments(self.site, &core.metrics);
        instruments.ended(status, elapsed, slow.is_some());
        let failure = failure.map(|failure| core.errors.capture(core, Origin::Step(name), failure));
        let level = *self.site.metadata().level();
        let (level, message) = match status {
            StepStatus::Success if slow.is_some() => (level.min(Level::WARN), "Step completed"),
            StepStatus::Success => (level, "Step completed"),
            StepStatus::Cancelled => (Level::WARN, "Step failed"),
            StepStatus::Error | StepStatus::Panicked => (Level::ERROR, "Step failed"),
        };
        core.log.line(core, TARGET, level, message, |fields| {
            fields.string(Key::STEP, name);
            fields.milliseconds(Key::DURATION_MS, elapsed);
            if let Some(limit) = slow {
                fields.milliseconds(Key::SLOW_MS, limit);
            }
            if status != StepStatus::Success {
                fields.known(Key::STATUS, status.as_str());
            }
            if let Some(failure) = &failure {
                fields.failure(Key::ERROR, failure);
                fields.known(Key::CATEGORY, failure.classification.category.as_str());
            }
            fields.of_step(self.fields.as_deref());
        });
        #[cfg(feature = "otlp")]
        crate::trace::otlp::ended_step(
            core,
            name,
            self.fields.as_ref(),
            status,
            failure.as_ref(),
            elapsed,
        );
    }
}

impl Start for Step {
    type Work = RunningStep;

    fn start(self) -> RunningStep {
        RunningStep::start(self)
    }
}

impl Work for RunningStep {
    fn within(&mut self, part: &mut dyn FnMut()) {
        let span = &self.span;
        current::enter(&mut self.scope, || match span.is_none() {
            true => part(),
            false => span.in_scope(part),
        });
    }

    fn end(mut self, end: WorkEnd<'_>) {
        let mut scope = self.scope.take();
        if let Some(core) = &self.core {
            current::enter(&mut scope, || self.tell(core, &end));
        }
        current::recycle(scope);
    }
}

fn span(site: &'static StepSite, fields: Option<&StepFields>) -> Span {
    let (metadata, name) = (site.metadata(), site.name());
    let Some(step) = metadata.fields().field(STEP_FIELD) else {
        return Span::none();
    };
    let name: &dyn Value = &name;
    match fields {
        None => Span::new(
            metadata,
            &metadata.fields().value_set(&[(&step, Some(name))]),
        ),
        Some(fields) => fields.with_values(&step, name, |values| Span::new(metadata, values)),
    }
}
