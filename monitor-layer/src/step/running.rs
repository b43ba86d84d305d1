use std::{sync::Arc, time::Duration};

use tracing::{Level, Span, field::Value};

use super::{Step, StepFields, StepSite, site::STEP_FIELD};
use crate::{
    clock,
    error::{Failure, Origin},
    exchange::guarded,
    log::Key,
    metrics::{Candidate, StepStatus},
    monitor::{Core, installed_core},
    trace::{
        TraceContext,
        current::{self, Scope},
    },
    work::{Start, Work, WorkEnd},
};

/// The target of the step lines, for directives in `LOG_LEVEL`; a step's span has its function's module for a target.
const TARGET: &str = "monitor_layer::step";

/// A step that is under way. What is known of it is in its scope, which has a place of its own: a step's future is to
/// be little larger than its body.
pub(crate) struct RunningStep {
    /// Lent to the thread while the step runs. `None` where there is no monitor and no trace to be part of.
    scope: Option<Box<Scope>>,
    span: Span,
    started: clock::Start,
}

impl RunningStep {
    fn start(step: Step) -> Self {
        let (site, fields) = (step.site, step.fields.clone());
        let mut scope = scope(step);
        let span = match site.wants_span() {
            // A subscriber of the user's may panic: the step runs all the same.
            true => guarded(|| current::enter(&mut scope, || span(site, fields.as_deref()))),
            false => None,
        };
        let mut this = Self {
            scope,
            span: span.unwrap_or_else(Span::none),
            started: clock::Start::now(),
        };
        this.tell_started(site);
        this
    }
    /// Counts a step that has ended well, if that is all there is to do: no user's code runs then, and nothing asks what
    /// is current.
    fn is_counted_alone(&self) -> bool {
        let Some(scope) = &self.scope else {
            return false;
        };
        let (Some(core), Some(site)) = (&scope.core, scope.step) else {
            return false;
        };
        let elapsed = self.started.elapsed();
        let is_slow = site.slow_after().is_some_and(|limit| elapsed > limit);
        #[cfg(feature = "otlp")]
        let is_exported = core.exporter.is_some();
        #[cfg(not(feature = "otlp"))]
        let is_exported = false;
        let is_followed = is_exported || core.errors.follow_step(scope);
        if is_slow || is_followed || core.log.enabled(TARGET, *site.metadata().level()) {
            return false;
        }
        let instruments = core.steps.instruments(site, &core.metrics);
        let candidate = Candidate::of(&scope.context, false);
        instruments.ended(StepStatus::Success, elapsed, candidate);
        true
    }

    fn tell_started(&mut self, site: &'static StepSite) {
        let core = self.scope.as_ref().and_then(|scope| scope.core.as_ref());
        let Some(core) = core else { return };
        core.steps.instruments(site, &core.metrics).started();
        let level = *site.metadata().level();
        if !core.log.enabled(TARGET, level) {
            return;
        }
        let core = Arc::clone(core);
        let fields = self.scope.as_ref().and_then(|scope| scope.fields.clone());
        current::enter(&mut self.scope, || {
            core.log.line(&core, TARGET, level, "Step started", |line| {
                line.string(Key::STEP, site.name());
                line.of_step(fields.as_deref());
            });
        });
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
        if matches!(end, WorkEnd::Success) && self.is_counted_alone() {
            current::recycle(self.scope.take());
            return;
        }
        let ended = self.scope.as_ref().and_then(|scope| {
            Some(Ended {
                core: Arc::clone(scope.core.as_ref()?),
                site: scope.step?,
                fields: scope.fields.clone(),
                elapsed: self.started.elapsed(),
            })
        });
        if let Some(ended) = ended {
            current::enter(&mut self.scope, || ended.tell(&end));
        }
        current::recycle(self.scope.take());
    }
}

/// A step that is over, with its scope current.
struct Ended {
    core: Arc<Core>,
    site: &'static StepSite,
    fields: Option<Arc<StepFields>>,
    elapsed: Duration,
}

impl Ended {
    fn tell(&self, end: &WorkEnd<'_>) {
        let (core, elapsed) = (&self.core, self.elapsed);
        let name = self.site.name();
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
        #[cfg(feature = "server")]
        if status == StepStatus::Cancelled && core.shutdown.is_overdue() {
            current::note_cut_off_step(name);
        }
        let instruments = core.steps.instruments(self.site, &core.metrics);
        let is_bad = matches!(status, StepStatus::Error | StepStatus::Panicked);
        let candidate = Candidate::current(is_bad || slow.is_some());
        instruments.ended(status, elapsed, candidate);
        let failure = failure.map(|failure| core.errors.capture(core, Origin::Step(name), failure));
        self.write_line(status, slow, failure.as_ref());
        (core.errors).step_ended(name, status == StepStatus::Success, elapsed);
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

    fn write_line(&self, status: StepStatus, slow: Option<Duration>, failure: Option<&Failure>) {
        let level = *self.site.metadata().level();
        let (level, message) = match status {
            StepStatus::Success if slow.is_some() => (level.min(Level::WARN), "Step completed"),
            StepStatus::Success => (level, "Step completed"),
            StepStatus::Cancelled => (Level::WARN, "Step failed"),
            StepStatus::Error | StepStatus::Panicked => (Level::ERROR, "Step failed"),
        };
        let core = &self.core;
        core.log.line(core, TARGET, level, message, |line| {
            line.string(Key::STEP, self.site.name());
            line.milliseconds(Key::DURATION_MS, self.elapsed);
            if let Some(limit) = slow {
                line.milliseconds(Key::SLOW_MS, limit);
            }
            if status != StepStatus::Success {
                line.known(Key::STATUS, status.as_str());
            }
            if let Some(failure) = failure {
                line.failure(Key::ERROR, failure);
                line.known(Key::CATEGORY, failure.classification.category.as_str());
            }
            line.of_step(self.fields.as_deref());
        });
    }
}

/// What the step runs in: a child of what is current, or a trace of its own where there is a monitor.
fn scope(step: Step) -> Option<Box<Scope>> {
    let Step { site, core, fields } = step;
    let mut scope = match Scope::child_of_current() {
        Some(scope) => scope,
        None => {
            let core = core.clone().or_else(installed_core)?;
            Scope::new(TraceContext::root(&core.sampler), Some(core)).boxed()
        }
    };
    if core.is_some() {
        scope.core = core;
    } else if scope.core.is_none() {
        scope.core = installed_core();
    }
    scope.step = Some(site);
    scope.catches_panics = true;
    scope.fields = fields;
    Some(scope)
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
