use http::{Extensions, HeaderMap, Method, Request, StatusCode, Uri, Version};

use super::{Outcome, Route, in_flight::guarded};

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

    /// Whether it reads [`Outcome::response_start`] of exchanges that are no streams.
    ///
    /// Their heads are timed only where an observer asks for it: a look at the clock is a tenth of all that it costs to
    /// measure a request.
    fn times_response_start(&self) -> bool {
        true
    }

    /// A request has arrived. Prepare here, and count in [`admit`](Self::admit): of an exchange that is left
    /// unmeasured, what was prepared is dropped, and nothing more is heard.
    fn start(&self, request: &RequestHead<'_>) -> Self::Exchange;

    /// The exchange counts: nothing inside has left it unmeasured. Called once, when the handler has been polled for
    /// the first time, and before `head` and `end`.
    fn admit(&self, exchange: &mut Self::Exchange, admission: &Admission<'_>) {
        let _ = (exchange, admission);
    }

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

    fn times_response_start(&self) -> bool {
        false
    }

    fn start(&self, _request: &RequestHead<'_>) {}
}

/// Both, each on its own: a panic in the first does not keep the second from its exchange.
impl<A: Observe, B: Observe> Observe for (A, B) {
    type Exchange = (Option<A::Exchange>, Option<B::Exchange>);

    fn times_response_start(&self) -> bool {
        self.0.times_response_start() || self.1.times_response_start()
    }

    fn start(&self, request: &RequestHead<'_>) -> Self::Exchange {
        (
            guarded(|| self.0.start(request)),
            guarded(|| self.1.start(request)),
        )
    }

    fn admit(&self, exchange: &mut Self::Exchange, admission: &Admission<'_>) {
        admit(&self.0, &mut exchange.0, admission);
        admit(&self.1, &mut exchange.1, admission);
    }

    fn head(&self, exchange: &mut Self::Exchange, response: &ResponseHead<'_>) {
        if let Some(first) = &mut exchange.0 {
            guarded(|| self.0.head(first, response));
        }
        if let Some(second) = &mut exchange.1 {
            guarded(|| self.1.head(second, response));
        }
    }

    fn end(&self, exchange: Self::Exchange, outcome: &Outcome<'_>) {
        if let Some(first) = exchange.0 {
            guarded(|| self.0.end(first, outcome));
        }
        if let Some(second) = exchange.1 {
            guarded(|| self.1.end(second, outcome));
        }
    }
}

/// Admits the exchange to one observer of several, which hears no more of it if it panics here: it might have counted.
pub(crate) fn admit<O: Observe>(
    observer: &O,
    exchange: &mut Option<O::Exchange>,
    admission: &Admission<'_>,
) {
    if let Some(admitted) = exchange
        && guarded(|| observer.admit(admitted, admission)).is_none()
    {
        *exchange = None;
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

/// What is known of an exchange when it is admitted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Admission<'a> {
    /// The request's method, as sent.
    pub method: &'a Method,
    /// The route's template, where it is known by now, be it from further in.
    pub route: Option<&'a Route>,
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
