use http::{HeaderMap, HeaderName, HeaderValue, Request};

use super::{
    Sampler, TraceContext, TraceId, TraceState, Trust, TrustPolicy, X_TRACE_ID,
    current::{Scope, with_current},
    sampling::RouteSampler,
    trust::Panicked,
    w3c::{TRACEPARENT, TRACESTATE, parse_traceparent},
};
use crate::{
    exchange::{RequestHead, Route},
    metrics::Signal,
    monitor::{Core, observer_panicked},
};

const CLIENT_TRACE_ID_LENGTH: usize = 64;

/// What a request's headers ask for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inbound {
    /// A child of the caller's span, or the root of a new trace.
    pub context: TraceContext,
    /// An `x-trace-id` that is no trace id, if it is up to 64 printable ASCII characters.
    pub client_trace_id: Option<Box<str>>,
}

impl Inbound {
    pub(super) fn read(headers: &HeaderMap, trust: Trust, sampler: RouteSampler<'_>) -> Self {
        if trust == Trust::Ignore {
            return Self {
                context: TraceContext::new_root(None, sampler),
                client_trace_id: None,
            };
        }
        let parent =
            only(headers, &TRACEPARENT).and_then(|value| parse_traceparent(value.as_bytes()));
        // Text of printable ASCII alone.
        let client = only(headers, &X_TRACE_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|text| !text.contains('\t'));
        let client_id = client
            .filter(|_| trust == Trust::Continue)
            .and_then(TraceId::from_uuid_or_hex);
        let context = match (parent, trust) {
            (Some(parent), Trust::Continue) => {
                TraceContext::continued(parent, tracestate(headers), sampler)
            }
            (Some(parent), _) => TraceContext::new_root(None, sampler).with_link(parent),
            (None, _) => TraceContext::new_root(client_id, sampler),
        };
        Self {
            context,
            client_trace_id: client
                .filter(|_| client_id.is_none())
                .filter(|text| (1..=CLIENT_TRACE_ID_LENGTH).contains(&text.len()))
                .map(Into::into),
        }
    }
}

fn tracestate(headers: &HeaderMap) -> Option<TraceState> {
    let states = headers.get_all(TRACESTATE).into_iter();
    TraceState::parse(states.map(HeaderValue::as_bytes))
}

/// The value of a header that stands there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).into_iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The scope that a request's headers ask for, as far as they are trusted; what could not be used of them stays as a tag.
pub(crate) fn inbound_scope<B>(
    request: &Request<B>,
    sampler: &Sampler,
    policy: &TrustPolicy,
    core: Option<&Core>,
) -> Scope {
    let (trust, sampler) = decide(request, sampler, policy, core);
    let Inbound {
        context,
        client_trace_id,
        ..
    } = Inbound::read(request.headers(), trust, sampler);
    let core = with_current(|scope| scope.and_then(|scope| scope.core.clone()));
    let mut scope = Scope::new(context, core);
    scope.in_request = true;
    if let Some(id) = client_trace_id {
        scope
            .shared_unit()
            .set_tag("clientTraceId".to_owned(), id.into());
    }
    scope
}

/// Looks at the request only where a policy or a route's own ratio asks for it.
fn decide<'a, B>(
    request: &Request<B>,
    sampler: &'a Sampler,
    policy: &TrustPolicy,
    core: Option<&Core>,
) -> (Trust, RouteSampler<'a>) {
    if !policy.reads_request() && !sampler.reads_route() {
        return (policy.otherwise(), sampler.at(None));
    }
    let route = Route::of(request.extensions());
    let head = RequestHead {
        method: request.method(),
        uri: request.uri(),
        version: request.version(),
        headers: request.headers(),
        extensions: request.extensions(),
        route: route.as_ref(),
    };
    let trust = policy.decide(&head).unwrap_or_else(|Panicked| {
        match core {
            Some(core) => core.metrics.dropped(Signal::Observers),
            None => observer_panicked(),
        }
        Trust::Ignore
    });
    (trust, sampler.at(route.as_ref().map(Route::as_str)))
}

/// The request that runs here is a probe: recorded for nobody, whatever was decided. A job or a step that asks an endpoint
/// is none.
#[cfg(feature = "server")]
pub(crate) fn leave_unsampled() {
    with_current(|scope| {
        if let Some(scope) = scope
            && scope.in_request
            && scope.step.is_none()
        {
            scope.context.set_unsampled();
        }
    });
}
