use std::{
    any::Any,
    mem,
    panic::{self, AssertUnwindSafe},
    thread,
    time::Instant,
};

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::{
    Admission, Cause, End, Guard, Observe, Outcome, RequestBytes, RequestHead, ResponseHead, Route,
    StreamKind,
    cause::{cause_of, panic_message},
    grpc::Grpc,
    response::ResponseFacts,
    unmeasured::Watch,
};
use crate::{
    monitor,
    trace::current::{self, Scope},
};

/// What is known of one exchange, from its arrival to its report. Held by a [`Guard`].
pub(crate) struct InFlight<O: Observe> {
    observer: O,
    /// Lent to the thread while the inner service or body is polled.
    scope: Option<Box<Scope>>,
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
    pub(crate) fn start<B>(
        observer: O,
        scope: Option<Box<Scope>>,
        request: &Request<B>,
    ) -> Guard<O> {
        let mut guard = Self::ignored(observer, scope, request);
        if let Some(this) = guard.in_flight() {
            let head = RequestHead::of(request, this.route.as_ref());
            let observer = &this.observer;
            let exchange = current::enter(&mut this.scope, || guarded(|| observer.start(&head)));
            this.phase = exchange.map_or(Phase::Over, Phase::Arrived);
        }
        guard
    }

    /// A request has arrived that the observer is not told of; it runs in the scope like others.
    #[inline]
    pub(crate) fn ignored<B>(
        observer: O,
        scope: Option<Box<Scope>>,
        request: &Request<B>,
    ) -> Guard<O> {
        Guard::of(|| Self {
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
        })
    }

    /// Whether there is anything to report.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// Runs what is inside, with the scope current; `Err` holds the payload where it panicked.
    ///
    /// Caught rather than told by a flag, for the payload is the only place that has the panic's message. `work` puts
    /// its result into a place of the caller's: a response that came out by value was copied by each of the wrappers.
    #[inline]
    pub(crate) fn within(&mut self, work: impl FnOnce()) -> thread::Result<()> {
        let watch = matches!(self.phase, Phase::Arrived(_)).then(Watch::start);
        let result = current::enter(&mut self.scope, || {
            panic::catch_unwind(AssertUnwindSafe(work))
        });
        if let Some(watch) = watch
            && watch.has_left()
        {
            self.forget();
        }
        result
    }

    /// What is inside has been polled and did not leave itself unmeasured: the exchange counts.
    #[inline]
    pub(crate) fn admit(&mut self) {
        if matches!(self.phase, Phase::Arrived(_)) {
            self.tell_admitted(|_, _| {});
        }
    }

    /// Tells the observer something of an exchange that counts; of the admission first, where it has not heard of it.
    ///
    /// Most answers are there at the first poll, so that one guard does for both.
    #[inline]
    fn tell_admitted(&mut self, tell: impl FnOnce(&O, &mut O::Exchange)) {
        let (mut exchange, mut admitted) = match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Arrived(exchange) => (exchange, false),
            Phase::Admitted(exchange) => (exchange, true),
            Phase::Over => return,
        };
        if !admitted {
            self.read_route();
        }
        let admission = Admission {
            method: &self.method,
            route: self.route.as_ref(),
        };
        let observer = &self.observer;
        current::enter(&mut self.scope, || {
            guarded(|| {
                if !admitted {
                    observer.admit(&mut exchange, &admission);
                    admitted = true;
                }
                tell(observer, &mut exchange);
            })
        });
        self.phase = Phase::Admitted(exchange);
        if !admitted {
            self.forget();
        }
    }

    /// The exchange is nobody's business: the observer hears no more of it.
    #[cold]
    fn forget(&mut self) {
        let phase = mem::replace(&mut self.phase, Phase::Over);
        current::enter(&mut self.scope, || guarded(|| drop(phase)));
    }

    /// The head of the response is out. Says whether the exchange lives on in an upgraded connection.
    pub(crate) fn respond<B: http_body::Body>(&mut self, response: &Response<B>) -> bool {
        let mut facts = ResponseFacts::of(response, &self.method, self.asked);
        if facts.stream.is_some() || self.observer.times_response_start() {
            facts.started = Some(self.arrived.elapsed());
        }
        let upgraded = facts.upgraded;
        self.grpc.see_head(response.headers(), facts.stream);
        self.response = Some(facts);
        let head = ResponseHead {
            status: response.status(),
            headers: response.headers(),
            extensions: response.extensions(),
        };
        self.tell_admitted(|observer, exchange| observer.head(exchange, &head));
        if let Some(route) = Route::of(response.extensions()) {
            self.route = Some(route);
        }
        upgraded
    }

    /// What goes out as `x-trace-id`.
    pub(crate) fn x_trace_id(&self) -> Option<HeaderValue> {
        Some(self.scope.as_ref()?.context.x_trace_id())
    }

    /// The request asks to go on in another protocol, of this kind.
    pub(crate) fn set_asked(&mut self, asked: StreamKind) {
        self.asked = Some(asked);
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

    /// The response ended in full.
    pub(crate) fn finish_complete(&mut self) {
        let end = match &self.response {
            // Handed over to nobody, so that there is nothing to wait for.
            Some(response) if response.upgraded => End::Upgraded,
            _ => End::Completed,
        };
        self.report(end, None);
    }

    /// What is inside panicked.
    pub(crate) fn finish_panicked(&mut self, payload: &(dyn Any + Send)) {
        self.report(End::Panicked, Some(Cause::Panic(panic_message(payload))));
    }

    /// What is inside returned an error.
    pub(crate) fn finish_failed<E: 'static>(&mut self, error: &E) {
        self.report(End::Failed, Some(cause_of(error)));
    }

    /// The response's body is dropped: over in full, if its own account or the declared length says so; else it is
    /// aborted.
    pub(crate) fn finish_dropped_body(&mut self, ended: bool) {
        let complete = ended
            || self
                .response
                .as_ref()
                .is_some_and(|response| response.is_complete(self.response_bytes));
        if complete {
            self.finish_complete();
        } else {
            self.finish_unfinished();
        }
    }

    /// Its guard is gone: over, if it was not so before.
    pub(super) fn leave(&mut self) {
        if !self.is_over() {
            self.finish_unfinished();
        }
        current::recycle(self.scope.take());
    }

    /// Nobody waits for it any more.
    fn finish_unfinished(&mut self) {
        self.report(
            match &self.response {
                None => End::Cancelled,
                Some(response) if response.upgraded => End::Upgraded,
                Some(_) => End::Aborted,
            },
            None,
        );
    }

    /// Reads the route's name where inner layers left it.
    #[inline]
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
            responded: response.is_some(),
            response_start: response.and_then(|response| response.started),
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
