use std::{
    mem,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use sentry::protocol::{
    Context, Map, Span, SpanStatus, TraceContext as SentryTrace, Transaction, User,
};

use crate::{
    monitor::Core,
    redact::REDACTED,
    trace::{SpanId, TraceContext, current::Scope},
};

/// How many steps of one exchange or job stand in its transaction.
const MOST_STEPS: usize = 100;

/// The steps of one exchange or job that are over, where its transaction is sent.
#[derive(Default)]
pub(crate) struct StepSpans(Mutex<Vec<Span>>);

impl StepSpans {
    /// The step that is current is over.
    pub(super) fn add(&self, scope: &Scope, name: &str, succeeded: bool, elapsed: Duration) {
        let now = SystemTime::now();
        let context = scope.own_context();
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.len() == MOST_STEPS {
            return;
        }
        spans.push(Span {
            trace_id: context.trace_id().to_bytes().into(),
            span_id: span_id(context.span_id()),
            parent_span_id: parent(context).map(span_id),
            op: Some("function".to_owned()),
            description: Some(name.to_owned()),
            start_timestamp: now.checked_sub(elapsed).unwrap_or(now),
            timestamp: Some(now),
            status: Some(match succeeded {
                true => SpanStatus::Ok,
                false => SpanStatus::InternalError,
            }),
            ..Span::default()
        });
    }

    fn take(&self) -> Vec<Span> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An exchange or an attempt of a job that is over.
pub(super) struct Performed {
    pub(super) name: String,
    pub(super) op: &'static str,
    pub(super) status: SpanStatus,
    pub(super) elapsed: Duration,
}

impl Performed {
    /// The transaction of what is current.
    pub(super) fn transaction(self, core: &Core, scope: &Scope) -> Transaction<'static> {
        let now = SystemTime::now();
        let context = scope.own_context();
        let (mut spans, mut user, mut tags) = (Vec::new(), None, Map::new());
        if let Some(unit) = &scope.unit {
            spans = unit.steps.take();
            let state = unit.lock();
            user = state.user.as_deref().map(str::to_owned);
            tags.extend(state.tags.iter().cloned());
            tags.extend(
                state
                    .job
                    .as_deref()
                    .map(|job| ("jobId".to_owned(), job.to_owned())),
            );
        }
        // Without the lock, for it may be code of the user's.
        for (key, value) in &mut tags {
            *value = match core.redactor.is_sensitive(key) {
                true => REDACTED.to_owned(),
                false => core.redactor.text(value).into_owned(),
            };
        }
        tags.insert("service".to_owned(), core.service.to_string());
        let trace = SentryTrace {
            trace_id: context.trace_id().to_bytes().into(),
            span_id: span_id(context.span_id()),
            parent_span_id: parent(context).map(span_id),
            op: Some(self.op.to_owned()),
            status: Some(self.status),
            ..SentryTrace::default()
        };
        Transaction {
            name: Some(self.name),
            user: user.map(|id| User {
                id: Some(id),
                ..User::default()
            }),
            tags,
            start_timestamp: now.checked_sub(self.elapsed).unwrap_or(now),
            timestamp: Some(now),
            spans,
            contexts: Map::from([("trace".to_owned(), Context::Trace(Box::new(trace)))]),
            ..Transaction::default()
        }
    }
}

/// What Sentry calls it that an answer has this status.
pub(super) fn of_status(status: u16) -> SpanStatus {
    match status {
        0..=399 => SpanStatus::Ok,
        401 => SpanStatus::Unauthenticated,
        403 => SpanStatus::PermissionDenied,
        404 => SpanStatus::NotFound,
        409 => SpanStatus::AlreadyExists,
        429 => SpanStatus::ResourceExhausted,
        499 => SpanStatus::Cancelled,
        400..=499 => SpanStatus::InvalidArgument,
        501 => SpanStatus::Unimplemented,
        503 => SpanStatus::Unavailable,
        504 => SpanStatus::DeadlineExceeded,
        _ => SpanStatus::InternalError,
    }
}

fn parent(context: &TraceContext) -> Option<SpanId> {
    context.parent_span_id()
}

fn span_id(id: SpanId) -> sentry::protocol::SpanId {
    id.to_bytes().into()
}
