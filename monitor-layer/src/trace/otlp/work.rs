use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;

use super::{
    Exporter, RequestFacts,
    attributes::{Attributes, redacted},
    exchange,
    field::{FieldValue, FieldVisitor},
    span::{exception, span_data, span_id},
    trail::EndedStep,
};
use crate::{
    error::Failure,
    exchange::{End, Outcome},
    job::JobAttempt,
    metrics::{JobEnd, StepStatus},
    monitor::Core,
    redact::Redactor,
    step::StepFields,
    trace::{SpanId, TraceContext, current},
    unit::Unit,
};

/// Exports the exchange that is current, if it is sampled or to be kept.
pub(crate) fn ended_exchange(
    core: &Core,
    facts: &RequestFacts,
    outcome: &Outcome<'_>,
    failure: Option<&Failure>,
) {
    let failed = failure.is_some();
    Ended::export(core, failed, outcome.elapsed, |ended, attributes| {
        facts.describe(attributes, outcome);
        let error = match (outcome.end, failure) {
            (End::Cancelled | End::Aborted, None) => Some(outcome.end.as_str()),
            (_, Some(failure)) if outcome.cause.is_some() => Some(&*failure.type_name),
            _ => None,
        };
        match error {
            Some(error) => attributes.text("error.type", error),
            None if failed => attributes.known("error.type", outcome.status.as_u16().to_string()),
            None => {}
        }
        let mut span = ended.span(exchange::name(outcome), SpanKind::Server);
        // Where it continues a trace, the caller is elsewhere, but for a monitor's layer inside of another one's.
        span.parent_span_is_remote = ended.enclosing.is_none();
        // That an answer says 5xx is no exception, and what led to it was told where it happened.
        if let Some(failure) = failure {
            let cause = outcome.cause.is_some().then_some(failure);
            ended.fail(&mut span, failure, cause);
        }
        span
    });
}

/// Exports the call of another service that is current, if it is sampled.
pub(crate) fn ended_call(core: &Core, facts: &RequestFacts, outcome: &Outcome<'_>) {
    let is_sampled =
        current::with_current(|scope| scope.is_some_and(|scope| scope.own_context().is_sampled()));
    let Some(exporter) = core.exporter.as_ref().filter(|_| is_sampled) else {
        return;
    };
    let Some(ended) = Ended::current(core, exporter, outcome.elapsed) else {
        return;
    };
    let mut attributes = Attributes::new(&core.redactor);
    facts.describe_call(&mut attributes, outcome);
    let mut span = ended.span(exchange::call_name(outcome).to_owned(), SpanKind::Client);
    let refused = outcome.status.is_client_error() || outcome.status.is_server_error();
    let error = match outcome.end {
        End::Completed | End::Upgraded if refused => Some(outcome.status.as_u16().to_string()),
        End::Completed | End::Upgraded => None,
        end => Some(end.as_str().to_owned()),
    };
    if let Some(error) = error {
        attributes.known("error.type", error);
        if !matches!(outcome.end, End::Cancelled | End::Aborted) {
            span.status = Status::error("");
        }
    }
    (span.attributes, span.dropped_attributes_count) = attributes.into_parts();
    exporter.send(span);
}

/// What is told of a job that is over here.
pub(crate) struct EndedJob<'a> {
    pub(crate) niche: &'a str,
    /// The trace of a message goes on.
    pub(crate) continued: bool,
    pub(crate) status: &'static str,
    pub(crate) attempt: JobAttempt,
    pub(crate) failure: Option<&'a Failure>,
    pub(crate) elapsed: Duration,
}

/// Exports the job that is current, if it is sampled or to be kept.
pub(crate) fn ended_job(core: &Core, job: &EndedJob<'_>) {
    let failure = job.failure;
    Ended::export(core, failure.is_some(), job.elapsed, |ended, attributes| {
        attributes.text("job.niche", job.niche);
        attributes.known("job.status", job.status);
        if job.attempt.is_one_of_several() {
            attributes.known("job.attempt", i64::from(job.attempt.number()));
        }
        let error = match failure {
            Some(failure) => Some(&*failure.type_name),
            None => (job.status != JobEnd::Completed.as_str()).then_some("cancelled"),
        };
        if let Some(error) = error {
            attributes.text("error.type", error);
        }
        let mut span = ended.span(format!("job {}", job.niche), SpanKind::Consumer);
        span.parent_span_is_remote = job.continued;
        if let Some(failure) = failure {
            ended.fail(&mut span, failure, Some(failure));
        }
        span
    });
}

/// Leaves word with the job that is current that an attempt of it failed and another follows.
pub(crate) fn failed_attempt(core: &Core, attempt: JobAttempt, failure: &Failure) {
    let Some(exporter) = &core.exporter else {
        return;
    };
    current::with_current(|scope| {
        let Some(scope) = scope else { return };
        let own = scope.own_context();
        if let Some(unit) = &scope.unit
            && (own.is_sampled() || exporter.keep.any())
        {
            let mut event = exception(failure, SystemTime::now(), &core.redactor);
            let number = i64::from(attempt.number());
            event.attributes.push(KeyValue::new("job.attempt", number));
            unit.trail.add_event(own.span_id(), event);
        }
    });
}

/// Exports the step that is current, if it is sampled; else leaves a note of it with its exchange or job.
pub(crate) fn ended_step(
    core: &Core,
    name: &'static str,
    fields: Option<&Arc<StepFields>>,
    status: StepStatus,
    failure: Option<&Failure>,
    elapsed: Duration,
) {
    let Some(exporter) = &core.exporter else {
        return;
    };
    let Some(ended) = Ended::current(core, exporter, elapsed) else {
        return;
    };
    let step = || EndedStep {
        context: ended.context.clone(),
        name,
        fields: fields.cloned(),
        enclosing: ended.enclosing,
        ended: ended.at,
        elapsed,
        status,
        failure: failure.cloned(),
    };
    if ended.context.is_sampled() {
        let mut span = step_span(&step(), exporter.scope(core), &core.redactor, false);
        ended.add_events(&mut span);
        exporter.send(span);
    } else if ended.enclosing.is_none() {
        // In no exchange and no job, it is what stands for its steps.
        if exporter.keep.wants(failure.is_some(), elapsed) {
            ended.export_kept();
            exporter.send(step_span(
                &step(),
                exporter.scope(core),
                &core.redactor,
                true,
            ));
        }
    } else if exporter.keep.any()
        && let Some(unit) = &ended.unit
    {
        unit.trail.keep(step());
    }
}

/// The span of a step. What is kept though it is not sampled has no `tracing` spans in between.
fn step_span(
    step: &EndedStep,
    scope: InstrumentationScope,
    redactor: &Redactor,
    kept: bool,
) -> SpanData {
    let started = step.ended.checked_sub(step.elapsed).unwrap_or(step.ended);
    let times = (started, step.ended);
    let mut span = span_data(&step.context, step.name, SpanKind::Internal, times, scope);
    if kept && let Some(enclosing) = step.enclosing {
        span.parent_span_id = span_id(enclosing);
    }
    let mut attributes = Attributes::new(redactor);
    if let Some(fields) = &step.fields {
        fields.visit(&mut FieldVisitor(|key, value: FieldValue<'_>| {
            attributes.field(key, value);
        }));
    }
    if let Some(failure) = &step.failure {
        attributes.text("error.type", &failure.type_name);
        attributes.known("error.category", failure.classification.category.as_str());
        span.status = Status::error(redacted(&failure.message, redactor));
        span.events
            .events
            .push(exception(failure, step.ended, redactor));
    } else if step.status != StepStatus::Success {
        attributes.known("error.type", step.status.as_str());
    }
    (span.attributes, span.dropped_attributes_count) = attributes.into_parts();
    span
}

/// A piece of work that is over, with its scope current.
struct Ended<'a> {
    core: &'a Core,
    exporter: &'a Exporter,
    context: TraceContext,
    enclosing: Option<SpanId>,
    unit: Option<Arc<Unit>>,
    at: SystemTime,
    elapsed: Duration,
}

impl<'a> Ended<'a> {
    fn current(core: &'a Core, exporter: &'a Exporter, elapsed: Duration) -> Option<Self> {
        current::with_current(|scope| {
            let scope = scope?;
            Some(Self {
                core,
                exporter,
                context: scope.own_context().clone(),
                enclosing: scope.enclosing,
                unit: scope.unit.clone(),
                at: SystemTime::now(),
                elapsed,
            })
        })
    }

    /// Exports an exchange or a job, if it is sampled or to be kept, and then its steps with it.
    fn export(
        core: &'a Core,
        failed: bool,
        elapsed: Duration,
        describe: impl FnOnce(&Self, &mut Attributes<'_>) -> SpanData,
    ) {
        let Some(exporter) = &core.exporter else {
            return;
        };
        let is_wanted = exporter.keep.wants(failed, elapsed)
            || current::with_current(|scope| {
                scope.is_some_and(|scope| scope.own_context().is_sampled())
            });
        if !is_wanted {
            return;
        }
        let Some(ended) = Self::current(core, exporter, elapsed) else {
            return;
        };
        ended.export_kept();
        let mut attributes = Attributes::new(&core.redactor);
        let mut span = describe(&ended, &mut attributes);
        ended.add_belongings(&mut attributes);
        ended.add_events(&mut span);
        span.attributes = attributes.list;
        span.dropped_attributes_count = attributes.dropped;
        exporter.send(span);
    }

    fn span(&self, name: String, kind: SpanKind) -> SpanData {
        let started = self.at.checked_sub(self.elapsed).unwrap_or(self.at);
        let scope = self.exporter.scope(self.core);
        span_data(&self.context, name, kind, (started, self.at), scope)
    }

    fn fail(&self, span: &mut SpanData, failure: &Failure, cause: Option<&Failure>) {
        span.status = Status::error(redacted(&failure.message, &self.core.redactor));
        let exception = cause.map(|cause| exception(cause, self.at, &self.core.redactor));
        span.events.events.extend(exception);
    }

    /// The user, the job and the tags that were named from inside.
    fn add_belongings(&self, attributes: &mut Attributes<'_>) {
        let Some(unit) = &self.unit else {
            return;
        };
        let state = unit.lock();
        if let Some(user) = &state.user {
            attributes.known("user.id", Arc::clone(user));
        }
        if let Some(job) = &state.job {
            attributes.known("job.id", Arc::clone(job));
        }
        for (key, value) in &state.tags {
            attributes.text(key.clone(), value);
        }
    }

    /// Those that `tracing` told of, before what is there.
    fn add_events(&self, span: &mut SpanData) {
        let Some(unit) = &self.unit else {
            return;
        };
        let (mut events, dropped) = unit.trail.take_events(self.context.span_id());
        events.append(&mut span.events.events);
        span.events.events = events;
        span.events.dropped_count += dropped;
    }

    /// Exports the steps that were kept in case of this.
    fn export_kept(&self) {
        let Some(unit) = &self.unit else {
            return;
        };
        let (steps, more) = unit.trail.take_steps();
        for step in steps {
            let scope = self.exporter.scope(self.core);
            self.exporter
                .send(step_span(&step, scope, &self.core.redactor, true));
        }
        self.exporter.dropped(more);
    }
}
