use std::{
    any::Any,
    mem,
    panic::{self, AssertUnwindSafe},
    thread,
    time::Instant,
};

use http::{HeaderMap, Method, Request, Response, StatusCode};

use super::{
    Admission, Cause, End, Observe, Outcome, RequestBytes, RequestHead, ResponseHead, Route,
    StreamKind,
    cause::{cause_of, panic_message},
    grpc::Grpc,
    response::ResponseFacts,
    unmeasured,
};
use crate::{
    monitor,
    trace::current::{self, Scope},
};

/// The guard of one exchange: whoever holds it when the exchange is over reports the outcome, by a call or by
/// dropping it.
pub(crate) struct InFlight<O: Observe> {
    observer: O,
    /// Lent to the thread while the inner service or body is polled.
    scope: Option<Scope>,
    phase: Phase<O::Exchange>,
    method: Method,
    route: Option<Route>,
    arrived: Instant,
    asked: Option<StreamKind>,
    grpc: Grpc,
    request_bytes: Option<RequestBytes>,
    response: Option<ResponseFacts>,
    response_bytes: u64,
}

enum Phase<E> {
    /// Started, and not admitted: whether the exchange is to be left unmeasured is told by the first poll.
    Arrived(E),
    Admitted(E),
    /// Not observed, or reported already.
    Over,
}

impl<O: Observe> InFlight<O> {
    /// A request has arrived.
    pub(crate) fn start<B>(observer: O, scope: Option<Scope>, request: &Request<B>) -> Self {
        let mut this = Self::ignored(observer, scope, request);
        let head = RequestHead::of(request, this.route.as_ref());
        let observer = &this.observer;
        let exchange = current::enter(&mut this.scope, || guarded(|| observer.start(&head)));
        this.phase = exchange.map_or(Phase::Over, Phase::Arrived);
        this
    }

    /// A request has arrived that the observer is not told of; it runs in the scope like others.
    pub(crate) fn ignored<B>(observer: O, scope: Option<Scope>, request: &Request<B>) -> Self {
        Self {
            observer,
            scope,
            phase: Phase::Over,
            method: request.method().clone(),
            route: Route::of(request.extensions()),
            arrived: Instant::now(),
            asked: None,
            grpc: Grpc::of_request(request.version(), request.headers()),
            request_bytes: None,
            response: None,
            response_bytes: 0,
        }
    }

    /// Whether there is anything to report.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// Runs what is inside, with the scope current; `Err` holds the payload where it panicked.
    ///
    /// Caught rather than told by a flag, for the payload is the only place that has the panic's message.
    pub(crate) fn within<R>(&mut self, work: impl FnOnce() -> R) -> thread::Result<R> {
        let scope = &mut self.scope;
        let caught = || current::enter(scope, || panic::catch_unwind(AssertUnwindSafe(work)));
        if !matches!(self.phase, Phase::Arrived(_)) {
            return caught();
        }
        let (result, left) = unmeasured::watched(caught);
        if left {
            self.forget();
        }
        result
    }

    /// What is inside has been polled and did not leave itself unmeasured: the exchange counts.
    pub(crate) fn admit(&mut self) {
        let mut exchange = match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Arrived(exchange) => exchange,
            decided => {
                self.phase = decided;
                return;
            }
        };
        self.read_route();
        let admission = Admission {
            method: &self.method,
            route: self.route.as_ref(),
        };
        let observer = &self.observer;
        let admitted = current::enter(&mut self.scope, || {
            guarded(|| {
                observer.admit(&mut exchange, &admission);
                exchange
            })
        });
        self.phase = admitted.map_or(Phase::Over, Phase::Admitted);
    }

    /// The exchange is nobody's business: the observer hears no more of it.
    fn forget(&mut self) {
        let phase = mem::replace(&mut self.phase, Phase::Over);
        current::enter(&mut self.scope, || guarded(|| drop(phase)));
    }

    /// The head of the response is out. Says whether the exchange lives on in an upgraded connection.
    pub(crate) fn respond<B: http_body::Body>(&mut self, response: &Response<B>) -> bool {
        self.admit();
        if let Some(route) = Route::of(response.extensions()) {
            self.route = Some(route);
        }
        let started = self.arrived.elapsed();
        let facts = ResponseFacts::of(response, &self.method, started, self.asked);
        let upgraded = facts.upgraded;
        self.grpc.see_head(response.headers(), facts.stream);
        self.response = Some(facts);
        if let Phase::Admitted(exchange) = &mut self.phase {
            let observer = &self.observer;
            let head = ResponseHead {
                status: response.status(),
                headers: response.headers(),
                extensions: response.extensions(),
            };
            current::enter(&mut self.scope, || {
                guarded(|| observer.head(exchange, &head))
            });
        }
        upgraded
    }

    /// The request asks to go on in another protocol, of this kind.
    pub(crate) fn set_asked(&mut self, asked: Option<StreamKind>) {
        self.asked = asked;
    }

    /// The request's bytes are counted here.
    pub(crate) fn set_request_bytes(&mut self, bytes: Option<RequestBytes>) {
        self.request_bytes = bytes;
    }

    pub(crate) fn count_response_bytes(&mut self, bytes: usize) {
        self.response_bytes = self.response_bytes.saturating_add(bytes as u64);
    }

    pub(crate) fn see_trailers(&mut self, trailers: &HeaderMap) {
        self.grpc.see_trailers(trailers);
    }

    /// The exchange is over, and in this way.
    fn finish(mut self, end: End, cause: Option<Cause<'_>>) {
        self.report(end, cause);
    }

    /// The response ended in full.
    pub(crate) fn finish_complete(self) {
        let end = match &self.response {
            // Handed over to nobody, so that there is nothing to wait for.
            Some(response) if response.upgraded => End::Upgraded,
            _ => End::Completed,
        };
        self.finish(end, None);
    }

    /// What is inside panicked.
    pub(crate) fn finish_panicked(self, payload: &(dyn Any + Send)) {
        self.finish(End::Panicked, Some(Cause::Panic(panic_message(payload))));
    }

    /// What is inside returned an error.
    pub(crate) fn finish_failed<E: 'static>(self, error: &E) {
        self.finish(End::Failed, Some(cause_of(error)));
    }

    /// The response's body is dropped: over in full, if its own account or the declared length says so.
    pub(crate) fn finish_dropped_body(self, ended: bool) {
        let complete = ended
            || self
                .response
                .as_ref()
                .is_some_and(|response| response.is_complete(self.response_bytes));
        if complete {
            self.finish_complete();
        }
    }

    /// Reads the route's name where inner layers left it.
    fn read_route(&mut self) {
        if let Some(unit) = self.scope.as_ref().and_then(|scope| scope.unit.as_ref())
            && let Some(route) = &unit.lock().route
        {
            self.route = Some(route.clone());
        }
    }

    fn report(&mut self, end: End, cause: Option<Cause<'_>>) {
        self.admit();
        self.read_route();
        let Phase::Admitted(exchange) = mem::replace(&mut self.phase, Phase::Over) else {
            return;
        };
        let response = self.response.as_ref();
        let outcome = Outcome {
            end,
            method: &self.method,
            route: self.route.as_ref(),
            status: response.map_or_else(|| headless_status(end), |response| response.status),
            response_start: response.map(|response| response.started),
            elapsed: self.arrived.elapsed(),
            stream: response.and_then(|response| response.stream),
            grpc_status: self
                .grpc
                .status(end, response.map(|response| response.status)),
            request_bytes: self.request_bytes.as_ref().map(RequestBytes::read),
            response_bytes: self.response_bytes,
            cause,
        };
        let observer = &self.observer;
        current::enter(&mut self.scope, || {
            guarded(|| observer.end(exchange, &outcome))
        });
    }
}

impl<O: Observe> Drop for InFlight<O> {
    fn drop(&mut self) {
        if self.is_over() {
            return;
        }
        let end = match &self.response {
            None => End::Cancelled,
            Some(response) if response.upgraded => End::Upgraded,
            Some(_) => End::Aborted,
        };
        self.report(end, None);
    }
}

/// Runs an observer: its panic is counted and goes no further.
pub(crate) fn guarded<R>(observe: impl FnOnce() -> R) -> Option<R> {
    let result = panic::catch_unwind(AssertUnwindSafe(observe)).ok();
    if result.is_none() {
        monitor::observer_panicked();
    }
    result
}

fn headless_status(end: End) -> StatusCode {
    match end {
        End::Cancelled => client_closed_request(),
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// 499: what nginx and the field call a client that went away before the answer.
fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}
