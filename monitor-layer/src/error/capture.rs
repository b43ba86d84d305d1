use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use super::{Classification, Classifier, ErrorEvent, Failure};
use crate::{
    monitor::Core,
    redact::REDACTED,
    trace::{SpanId, current::Scope},
    unit::{Captured, State},
};

/// Enough to know a failure again on its way up: those before it have mostly arrived or were handled.
const REMEMBERED: usize = 64;

/// Where failures go: counted always, sent where there is a sink.
pub(crate) struct Capture {
    classifier: Classifier,
    sinks: Sinks,
}

/// The error sinks of a monitor.
#[derive(Default)]
pub(crate) struct Sinks {
    pub(crate) memory: Option<Arc<Mutex<Vec<ErrorEvent>>>>,
    #[cfg(feature = "sentry")]
    pub(crate) sentry: Option<super::sentry::Sink>,
}

impl Sinks {
    /// Kept, for tests.
    #[cfg(feature = "testing")]
    pub(crate) fn memory(events: Arc<Mutex<Vec<ErrorEvent>>>) -> Self {
        Self {
            memory: Some(events),
            #[cfg(feature = "sentry")]
            sentry: None,
        }
    }
}

/// What failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    Step(&'a str),
    Job,
    Exchange { method: &'a str, route: &'a str },
}

impl Capture {
    pub(crate) fn new(classifier: Classifier, sinks: Sinks) -> Self {
        Self { classifier, sinks }
    }

    pub(crate) fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Makes one event of a failure of what is current, unless what failed inside has made it: an error that travels
    /// up through steps keeps its text, or carries it as a source. Gives the failure back, as what it is known for.
    pub(crate) fn capture(&self, core: &Core, origin: Origin<'_>, mut failure: Failure) -> Failure {
        let Some(scope) = Scope::current() else {
            return failure;
        };
        let mut state = State::default();
        if let Some(unit) = &scope.unit {
            let mut shared = unit.lock();
            let known = pass_on(&mut shared, &scope, &failure)
                .or_else(|| behind_answer(&shared, origin, &failure));
            let is_known = known.is_some();
            if let Some(known) = known {
                failure.classification = known;
            } else {
                remember(&mut shared, &failure, scope.enclosing);
            }
            state = shared.clone();
            drop(shared);
            if let (Origin::Job, Some((outer, span))) = (origin, &state.outer)
                && let Some(outer) = outer.upgrade()
            {
                remember(&mut outer.lock(), &failure, Some(*span));
            }
            if is_known {
                return failure;
            }
        }
        core.metrics.error_captured(failure.classification.category);
        self.send(|| event(core, &scope, origin, &failure, state));
        failure
    }

    pub(crate) fn flush(&self, deadline: Duration) {
        #[cfg(feature = "sentry")]
        if let Some(sentry) = &self.sinks.sentry {
            sentry.flush(deadline);
        }
        let _ = deadline;
    }

    fn send(&self, event: impl FnOnce() -> ErrorEvent) {
        let Some(memory) = &self.sinks.memory else {
            #[cfg(feature = "sentry")]
            if let Some(sentry) = &self.sinks.sentry {
                sentry.send(event());
            }
            return;
        };
        let event = event();
        #[cfg(feature = "sentry")]
        if let Some(sentry) = &self.sinks.sentry {
            sentry.send(event.clone());
        }
        memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
    }
}

/// What this span's failure is known for, if it was captured further in; it then goes on to the span around.
fn pass_on(state: &mut State, scope: &Scope, failure: &Failure) -> Option<Classification> {
    let mut known = None;
    let own = scope.own_context().span_id();
    for captured in &mut state.captured {
        if captured.next == Some(own) && texts(failure).any(|text| captured.texts.contains(text)) {
            captured.next = scope.enclosing;
            captured.texts = texts(failure).cloned().collect();
            known = Some(captured.classification.clone());
        }
    }
    known
}

/// An answer's status says nothing of which failure led to it: the last one did.
fn behind_answer(state: &State, origin: Origin<'_>, failure: &Failure) -> Option<Classification> {
    let is_status = matches!(origin, Origin::Exchange { .. })
        && failure.type_name == super::exchange::STATUS_TYPE;
    let last = state.captured.back().filter(|_| is_status)?;
    Some(last.classification.clone())
}

fn remember(state: &mut State, failure: &Failure, next: Option<SpanId>) {
    if state.captured.len() == REMEMBERED {
        state.captured.pop_front();
    }
    state.captured.push_back(Captured {
        texts: texts(failure).cloned().collect(),
        classification: failure.classification.clone(),
        next,
    });
}

fn texts(failure: &Failure) -> impl Iterator<Item = &String> {
    std::iter::once(&failure.message).chain(&failure.chain)
}

fn event(
    core: &Core,
    scope: &Scope,
    origin: Origin<'_>,
    failure: &Failure,
    state: State,
) -> ErrorEvent {
    let route = match origin {
        Origin::Exchange { route, .. } => Some(route.to_owned()),
        Origin::Step(_) | Origin::Job => scope
            .route
            .as_ref()
            .or(state.route.as_ref())
            .map(|route| route.as_str().to_owned()),
    };
    let transaction = match (&state.niche, &route, origin) {
        (Some(niche), ..) => format!("job {niche}"),
        (None, Some(route), Origin::Exchange { method, .. }) => format!("{method} {route}"),
        (None, Some(route), _) => match &scope.method {
            Some(method) => format!("{method} {route}"),
            None => route.clone(),
        },
        (None, None, Origin::Step(step)) => step.to_owned(),
        (None, None, _) => "job".to_owned(),
    };
    ErrorEvent {
        timestamp: SystemTime::now(),
        service: core.service.to_string(),
        env: core.env.to_string(),
        trace_id: scope.context.trace_id(),
        span_id: scope.context.span_id(),
        parent_span_id: scope.context.parent_span_id(),
        transaction,
        user: state.user.as_deref().map(str::to_owned),
        job: state.job.as_deref().map(str::to_owned),
        attempt: state.attempt,
        step: scope.step.map(|step| step.name().to_owned()),
        route,
        error_type: failure.type_name.clone(),
        message: core.redactor.text(&failure.message).into_owned(),
        chain: failure
            .chain
            .iter()
            .map(|text| core.redactor.text(text).into_owned())
            .collect(),
        category: failure.classification.category,
        code: failure.classification.code.as_deref().map(str::to_owned),
        tags: state
            .tags
            .into_iter()
            .map(|(key, value)| {
                let value = if core.redactor.is_sensitive(&key) {
                    REDACTED.to_owned()
                } else {
                    core.redactor.text(&value).into_owned()
                };
                (key, value)
            })
            .collect(),
    }
}
