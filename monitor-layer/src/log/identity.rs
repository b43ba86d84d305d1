use std::sync::Arc;

use crate::{
    job::JobAttempt,
    trace::{
        SpanId, TraceContext, TraceId,
        current::{self, Scope},
    },
};

/// Whose line it is.
#[derive(Clone, Default)]
pub(super) struct Identity {
    pub(super) span: Option<SpanIds>,
    pub(super) user: Option<Arc<str>>,
    pub(super) job: Option<Arc<str>>,
    /// Of the job, where it is one of several.
    pub(super) attempt: Option<u32>,
}

/// The ids of the innermost of step, job, exchange and `tracing` span.
#[derive(Clone)]
pub(super) struct SpanIds {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) parent: Option<SpanId>,
}

impl Identity {
    /// That of what is current.
    pub(super) fn current() -> Self {
        current::with_current(|scope| scope.map(|scope| Self::of(scope))).unwrap_or_default()
    }

    #[inline]
    pub(super) fn of(scope: &Scope) -> Self {
        let (user, job, attempt) = match &scope.unit {
            Some(unit) => {
                let state = unit.lock();
                let attempt = state.job_attempt();
                let attempt = attempt.filter(|attempt| attempt.is_one_of_several());
                let number = attempt.map(JobAttempt::number);
                (state.user.clone(), state.job.clone(), number)
            }
            None => (None, None, None),
        };
        Self {
            span: Some(SpanIds::of(&scope.context)),
            user,
            job,
            attempt,
        }
    }
}

impl SpanIds {
    #[inline]
    pub(super) fn of(context: &TraceContext) -> Self {
        Self {
            trace: context.trace_id(),
            span: context.span_id(),
            parent: context.parent_span_id(),
        }
    }
}
