use std::time::SystemTime;

use super::{
    Breadcrumb, ErrorEvent, ErrorLevel, Failure, Isolated, Origin, Teller, panic::PanicPlace,
};
use crate::{
    monitor::Core,
    redact::{REDACTED, Redactor},
    trace::{SpanId, TraceId, current::Scope},
    unit::{State, Unit},
};

/// What was said of a failure by whoever captured it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) user: Option<String>,
    pub(crate) job: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) extras: Vec<(String, String)>,
    pub(crate) level: Option<ErrorLevel>,
    pub(crate) fingerprint: Vec<String>,
}

/// An event that was noted where it happened, and that still lacks what its unit knows in the end.
pub(crate) struct Draft {
    number: u64,
    timestamp: SystemTime,
    service: String,
    trace_id: TraceId,
    span_id: SpanId,
    parent_span_id: Option<SpanId>,
    step: Option<String>,
    method: Option<String>,
    route: Option<String>,
    failure: Failure,
    place: PanicPlace,
    /// Where it was reported.
    reported_at: Option<String>,
    said: Said,
    breadcrumbs: Vec<Breadcrumb>,
    isolated: Isolated,
}

/// An event that has all that is known, and what only Sentry takes beside it.
#[cfg_attr(
    not(feature = "sentry"),
    allow(dead_code, reason = "only Sentry takes what is beside the event")
)]
pub(crate) struct Completed {
    pub(super) event: ErrorEvent,
    pub(super) place: PanicPlace,
    pub(super) isolated: Isolated,
}

impl Draft {
    pub(super) fn new(
        core: &Core,
        scope: &Scope,
        origin: Origin<'_>,
        failure: &Failure,
        said: Said,
    ) -> Self {
        let (method, route) = match origin {
            Origin::Exchange { method, route } => (Some(method.to_owned()), Some(route.to_owned())),
            Origin::Step(_) | Origin::Job | Origin::Told(_) => (
                scope
                    .method
                    .as_ref()
                    .map(|method| method.as_str().to_owned()),
                scope.route.as_ref().map(|route| route.as_str().to_owned()),
            ),
        };
        let breadcrumbs = scope.unit.as_ref();
        Self {
            number: 0,
            timestamp: SystemTime::now(),
            service: core.service.to_string(),
            trace_id: scope.context.trace_id(),
            span_id: scope.context.span_id(),
            parent_span_id: scope.context.parent_span_id(),
            step: match origin {
                Origin::Step(step) => Some(step.to_owned()),
                _ => scope.step.map(|step| step.name().to_owned()),
            },
            method,
            route,
            place: PanicPlace::of(failure),
            reported_at: match origin {
                Origin::Told(Teller::Report(at)) => Some(at.to_string()),
                _ => None,
            },
            failure: failure.clone(),
            said,
            breadcrumbs: breadcrumbs
                .map(|unit| unit.breadcrumbs.so_far(&core.redactor))
                .unwrap_or_default(),
            isolated: scope.isolated.clone(),
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn numbered(self, number: u64) -> Self {
        Self { number, ..self }
    }

    /// It is told by somebody who knows more of it.
    pub(super) fn is_of(&mut self, failure: &Failure) {
        self.failure = failure.clone();
    }

    /// More is said of it; what is said last wins.
    pub(super) fn say(&mut self, more: Said) {
        let said = &mut self.said;
        said.user = more.user.or(said.user.take());
        said.job = more.job.or(said.job.take());
        said.level = more.level.or(said.level);
        if !more.fingerprint.is_empty() {
            said.fingerprint = more.fingerprint;
        }
        more.tags
            .into_iter()
            .for_each(|(key, value)| set(&mut said.tags, key, value));
        more.extras
            .into_iter()
            .for_each(|(key, value)| set(&mut said.extras, key, value));
    }

    /// The event, with what its unit knows now.
    pub(super) fn complete(self, core: &Core, unit: &Unit, retried: bool) -> Completed {
        let State {
            user,
            job,
            niche,
            attempt,
            tags,
            route,
            ..
        } = unit.lock().clone();
        let redactor = &core.redactor;
        let Failure {
            type_name: error_type,
            message,
            chain,
            classification,
        } = self.failure;
        let route = self
            .route
            .or_else(|| route.map(|route| route.as_str().to_owned()));
        let transaction = match (&niche, &route, &self.method) {
            (Some(niche), ..) => format!("job {niche}"),
            (None, Some(route), Some(method)) => format!("{method} {route}"),
            (None, Some(route), None) => route.clone(),
            (None, None, _) => self.step.clone().unwrap_or_else(|| self.service.clone()),
        };
        let mut said = self.said;
        let mut all_tags = tags;
        for (key, value) in said.tags {
            set(&mut all_tags, key, value);
        }
        let code = classification.code.as_deref().map(str::to_owned);
        if said.fingerprint.is_empty()
            && let Some(code) = &code
        {
            let category = classification.category.as_str();
            said.fingerprint = vec![category.to_owned(), code.clone()];
            said.fingerprint.extend(self.step.clone());
        }
        let usual = match retried {
            true => ErrorLevel::Warning,
            false => ErrorLevel::Error,
        };
        let mut event = ErrorEvent {
            timestamp: self.timestamp,
            level: said.level.unwrap_or(usual),
            service: self.service,
            env: core.env.to_string(),
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            transaction,
            user: said.user.or(user.as_deref().map(str::to_owned)),
            job: said.job.or(job.as_deref().map(str::to_owned)),
            attempt,
            step: self.step,
            route,
            error_type,
            message,
            chain,
            location: self
                .place
                .location()
                .map(str::to_owned)
                .or(self.reported_at),
            category: classification.category,
            code,
            tags: all_tags,
            extras: said.extras,
            fingerprint: said.fingerprint,
            breadcrumbs: self.breadcrumbs,
            suppressed: 0,
        };
        redact(&mut event, redactor);
        Completed {
            event,
            place: self.place,
            isolated: self.isolated,
        }
    }
}

/// Secrets that were there, or that the user put there.
pub(super) fn redact(event: &mut ErrorEvent, redactor: &Redactor) {
    let clean = |text: &mut String| {
        let redacted = redactor.text(text);
        if *redacted != **text {
            *text = redacted.into_owned();
        }
    };
    clean(&mut event.message);
    event.chain.iter_mut().for_each(clean);
    event.fingerprint.iter_mut().for_each(clean);
    for breadcrumb in &mut event.breadcrumbs {
        clean(&mut breadcrumb.message);
    }
    for (key, value) in event.tags.iter_mut().chain(&mut event.extras) {
        match redactor.is_sensitive(key) {
            true => REDACTED.clone_into(value),
            false => clean(value),
        }
    }
}

fn set(list: &mut Vec<(String, String)>, key: String, value: String) {
    match list.iter_mut().find(|(known, _)| *known == key) {
        Some((_, known)) => *known = value,
        None => list.push((key, value)),
    }
}
