use std::{error::Error, time::Duration};

use http::{Extensions, HeaderMap, Method, StatusCode, Uri, Version};

use super::Route;

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

/// How an exchange ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Outcome<'a> {
    /// Which way it ended.
    pub end: End,
    /// The request's method, as sent.
    pub method: &'a Method,
    /// The matched template; `None` where no route matched.
    pub route: Option<&'a Route>,
    /// The response's status once a head was out; else 499 where the client went away, 500 on a panic or an error.
    pub status: StatusCode,
    /// From arrival to the response's head, where there was one.
    pub response_start: Option<Duration>,
    /// From arrival to the end.
    pub elapsed: Duration,
    /// Whether the response is a stream (`text/event-stream`, `application/grpc*`, an upgrade), whose life says
    /// nothing of how fast the service answers.
    pub stream: bool,
    /// Bytes of the request's body that were read, where they are counted.
    pub request_bytes: Option<u64>,
    /// Bytes of the response's body that were handed on; none of an upgraded connection.
    pub response_bytes: u64,
    /// Why it failed or panicked.
    pub cause: Option<Cause<'a>>,
}

impl Outcome<'_> {
    /// The value of the `route` label: the matched template, else `unmatched`.
    #[must_use]
    pub fn route_label(&self) -> &str {
        self.route.map_or("unmatched", Route::as_str)
    }
}

/// Why an exchange failed or panicked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Cause<'a> {
    /// The panic's message.
    Panic(&'a str),
    /// An error whose text and sources can be read.
    Error(&'a (dyn Error + 'static)),
    /// An error of this type, which is no [`Error`].
    Opaque(&'static str),
}

/// Which way an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The response ended in full, whatever its status.
    Completed,
    /// Dropped before a head.
    Cancelled,
    /// Dropped after the head, before the end.
    Aborted,
    /// The service or the body returned an error.
    Failed,
    /// Handler or body panicked.
    Panicked,
    /// The upgraded connection was closed.
    Upgraded,
}

impl End {
    /// Every end, in the order of the label values.
    pub const ALL: [Self; 6] = [
        Self::Completed,
        Self::Cancelled,
        Self::Aborted,
        Self::Failed,
        Self::Panicked,
        Self::Upgraded,
    ];

    /// The value of the `outcome` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Aborted => "aborted",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Upgraded => "upgraded",
        }
    }
}
