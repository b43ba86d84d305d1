use http::{Extensions, HeaderMap, Method, Request, StatusCode, Uri, Version};

use super::{Outcome, Route};

/// Watches exchanges: metrics, access log and error capture are small observers of this kind.
///
/// An observer may neither block nor await: it runs inside polls and inside `Drop`. One that panics is caught and
/// does not stop the others. Cloned for every exchange, so keep what is shared behind an [`Arc`](std::sync::Arc).
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
/// use monitor_layer::{End, Observe, Outcome, RequestHead};
///
/// #[derive(Clone, Default)]
/// struct Aborts(Arc<AtomicU64>);
///
/// impl Observe for Aborts {
///     type Exchange = ();
///
///     fn start(&self, _request: &RequestHead<'_>) {}
///
///     fn end(&self, _exchange: (), outcome: &Outcome<'_>) {
///         if outcome.end == End::Aborted {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observe: Clone + Send + Sync + 'static {
    /// What the observer keeps of one exchange from its start to its end.
    type Exchange: Send + 'static;

    /// A request has arrived.
    fn start(&self, request: &RequestHead<'_>) -> Self::Exchange;

    /// The head of the response is out.
    fn head(&self, exchange: &mut Self::Exchange, response: &ResponseHead<'_>) {
        let _ = (exchange, response);
    }

    /// The exchange is over.
    fn end(&self, exchange: Self::Exchange, outcome: &Outcome<'_>) {
        let _ = (exchange, outcome);
    }
}

/// Observes nothing.
impl Observe for () {
    type Exchange = ();

    fn start(&self, _request: &RequestHead<'_>) {}
}

/// Both, each on its own: a panic in the first does not keep the second from its exchange.
impl<A: Observe, B: Observe> Observe for (A, B) {
    type Exchange = (Option<A::Exchange>, Option<B::Exchange>);

    fn start(&self, request: &RequestHead<'_>) -> Self::Exchange {
        (
            super::in_flight::guarded(|| self.0.start(request)),
            super::in_flight::guarded(|| self.1.start(request)),
        )
    }

    fn head(&self, exchange: &mut Self::Exchange, response: &ResponseHead<'_>) {
        if let Some(first) = &mut exchange.0 {
            super::in_flight::guarded(|| self.0.head(first, response));
        }
        if let Some(second) = &mut exchange.1 {
            super::in_flight::guarded(|| self.1.head(second, response));
        }
    }

    fn end(&self, exchange: Self::Exchange, outcome: &Outcome<'_>) {
        if let Some(first) = exchange.0 {
            super::in_flight::guarded(|| self.0.end(first, outcome));
        }
        if let Some(second) = exchange.1 {
            super::in_flight::guarded(|| self.1.end(second, outcome));
        }
    }
}

/// What is known of a request when it arrives.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestHead<'a> {
    /// As sent, extension methods included.
    pub method: &'a Method,
    /// As sent.
    pub uri: &'a Uri,
    /// The HTTP version.
    pub version: Version,
    /// As sent.
    pub headers: &'a HeaderMap,
    /// What outer layers left on the request.
    pub extensions: &'a Extensions,
    /// The route's template, where it is known at this place.
    pub route: Option<&'a Route>,
}

impl<'a> RequestHead<'a> {
    pub(super) fn of<B>(request: &'a Request<B>, route: Option<&'a Route>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            extensions: request.extensions(),
            route,
        }
    }
}

/// What is known of a response when its head is out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ResponseHead<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers, without what outer layers will add.
    pub headers: &'a HeaderMap,
    /// What inner layers and the handler left on the response.
    pub extensions: &'a Extensions,
}
