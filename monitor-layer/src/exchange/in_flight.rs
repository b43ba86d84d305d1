use std::{
    any::Any,
    mem,
    panic::{self, AssertUnwindSafe},
    thread,
    time::Instant,
};

use http::{HeaderMap, Method, Request, Response, StatusCode, request::Parts};

use super::{
    Cause, End, Observe, Outcome, RequestBytes, RequestHead, ResponseHead, Route, StreamKind,
    cause::{cause_of, panic_message},
    grpc::Grpc,
    response::ResponseFacts,
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
    /// The monitor's own endpoints may answer, which are not observed: told by the first poll.
    Undecided(Box<Parts>),
    Observed(E),
    /// Not observed, or reported already.
    Over,
}

impl<O: Observe> InFlight<O> {
    /// A request has arrived. `undecided` puts off the observer's start until it is known whether the monitor's
    /// own endpoints answer.
    pub(crate) fn start<B>(
        observer: O,
        scope: Option<Scope>,
        request: &Request<B>,
        undecided: bool,
    ) -> Self {
        let mut this = Self::ignored(observer, scope, request);
        if undecided {
            this.phase = Phase::Undecided(Box::new(parts_of(request)));
        } else {
            this.observe_start(
                request.method(),
                request.uri(),
                request.version(),
                request.headers(),
                request.extensions(),
            );
        }
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

    /// What is inside has been called and is under way: the monitor's own endpoints would have said that it is they.
    pub(crate) fn pending(&mut self) {
        if matches!(self.phase, Phase::Undecided(_)) {
            self.decide();
        }
    }

    /// Runs a poll of what is inside, with the scope current; `Err` holds the payload where it panicked.
    ///
    /// Caught rather than told by a flag, for the payload is the only place that has the panic's message.
    pub(crate) fn within<R>(&mut self, work: impl FnOnce() -> R) -> thread::Result<R> {
        current::enter(&mut self.scope, || {
            panic::catch_unwind(AssertUnwindSafe(work))
        })
    }

    /// The head of the response is out. Says whether the exchange lives on in an upgraded connection.
    pub(crate) fn respond<B: http_body::Body>(&mut self, response: &Response<B>) -> bool {
        if let Some(route) = Route::of(response.extensions()) {
            self.route = Some(route);
        }
        self.decide();
        let started = self.arrived.elapsed();
        let facts = ResponseFacts::of(response, &self.method, started, self.asked);
        let upgraded = facts.upgraded;
        self.grpc.see_head(response.headers(), facts.stream);
        self.response = Some(facts);
        if let Phase::Observed(exchange) = &mut self.phase {
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

    fn observe_start(
        &mut self,
        method: &Method,
        uri: &http::Uri,
        version: http::Version,
        headers: &HeaderMap,
        extensions: &http::Extensions,
    ) {
        let head = RequestHead {
            method,
            uri,
            version,
            headers,
            extensions,
            route: self.route.as_ref(),
        };
        let observer = &self.observer;
        let exchange = current::enter(&mut self.scope, || guarded(|| observer.start(&head)));
        self.phase = exchange.map_or(Phase::Over, Phase::Observed);
    }

    /// Reads what inner layers left in the slot that was lent to them: the route's name, and whether the monitor's
    /// own endpoints answered.
    fn decide(&mut self) {
        let mut unmeasured = false;
        if let Some(unit) = self.scope.as_ref().and_then(|scope| scope.unit.as_ref()) {
            let state = unit.lock();
            unmeasured = state.unmeasured;
            if let Some(route) = &state.route {
                self.route = Some(route.clone());
            }
        }
        match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Undecided(_) if unmeasured => {}
            Phase::Undecided(parts) => self.observe_start(
                &parts.method,
                &parts.uri,
                parts.version,
                &parts.headers,
                &parts.extensions,
            ),
            decided => self.phase = decided,
        }
    }

    fn report(&mut self, end: End, cause: Option<Cause<'_>>) {
        self.decide();
        let Phase::Observed(exchange) = mem::replace(&mut self.phase, Phase::Over) else {
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

fn parts_of<B>(request: &Request<B>) -> Parts {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.version_mut() = request.version();
    *head.headers_mut() = request.headers().clone();
    *head.extensions_mut() = request.extensions().clone();
    head.into_parts().0
}
