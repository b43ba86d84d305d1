use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, PoisonError},
    thread,
};

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::{
    Admission, Cause, End, Guard, Observe, Options, Outcome, RequestBytes, RequestHead,
    ResponseHead, Route, StreamKind,
    cause::{cause_of, panic_message},
    future::Handover,
    grpc::Grpc,
    response::ResponseFacts,
    unmeasured::Watch,
};
use crate::{
    clock::Start,
    monitor,
    trace::current::{self, Scope},
};

type Payload = Box<dyn Any + Send>;

/// What is known of one exchange, from its arrival to its report. Held by a [`Guard`].
pub(crate) struct InFlight<O: Observe> {
    observer: O,
    /// Lent to the thread while the inner service or body is polled.
    scope: Option<Box<Scope>>,
    /// `None` where it is not observed, or reported already.
    exchange: Option<O::Exchange>,
    /// Whether an exchange is to be left unmeasured is told by the first poll.
    admitted: bool,
    method: Method,
    route: Option<Route>,
    arrived: Start,
    options: Options,
    /// What calling the service panicked with. In a mutex, so that a response's body can be shared as what is in it can.
    panicked: Option<Mutex<Payload>>,
    upgrade: Option<Handover>,
    asked: Option<StreamKind>,
    grpc: Grpc,
    request_bytes: Option<RequestBytes>,
    response: Option<ResponseFacts>,
    response_bytes: u64,
}

impl<O: Observe> InFlight<O> {
    /// A request has arrived.
    pub(crate) fn start<B>(
        observer: O,
        scope: Option<Box<Scope>>,
        route: Option<Route>,
        request: &Request<B>,
    ) -> Guard<O> {
        let mut guard = Self::ignored(observer, scope, route, request);
        if let Some(this) = guard.in_flight() {
            let head = RequestHead::of(request, this.route.as_ref());
            let observer = &this.observer;
            this.exchange = current::enter(&mut this.scope, || guarded(|| observer.start(&head)));
        }
        guard
    }

    /// A request has arrived that the observer is not told of; it runs in the scope like others.
    #[inline]
    pub(crate) fn ignored<B>(
        observer: O,
        scope: Option<Box<Scope>>,
        route: Option<Route>,
        request: &Request<B>,
    ) -> Guard<O> {
        Guard::of(|| Self {
            observer,
            scope,
            exchange: None,
            admitted: false,
            method: request.method().clone(),
            route,
            arrived: Start::now(),
            options: Options::default(),
            panicked: None,
            upgrade: None,
            asked: None,
            grpc: Grpc::of_request(request.version(), request.headers()),
            request_bytes: None,
            response: None,
            response_bytes: 0,
        })
    }

    /// Whether there is anything to report.
    pub(crate) fn is_over(&self) -> bool {
        self.exchange.is_none()
    }

    /// Runs what is inside, with the scope current; `Err` holds the payload where it panicked.
    ///
    /// Caught rather than told by a flag, for the payload is the only place that has the panic's message. `work` puts
    /// its result into a place of the caller's: a response that came out by value was copied by each of the wrappers.
    #[inline]
    pub(crate) fn within(&mut self, work: impl FnOnce()) -> thread::Result<()> {
        let watch = self.awaits_admission().then(Watch::start);
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
        if self.awaits_admission() {
            self.tell_admitted(|_, _| {});
        }
    }

    #[inline]
    fn awaits_admission(&self) -> bool {
        !self.admitted && self.exchange.is_some()
    }

    /// Tells the observer something of an exchange that counts; of the admission first, where it has not heard of it.
    ///
    /// Most answers are there at the first poll, so that one guard does for both.
    #[inline]
    fn tell_admitted(&mut self, tell: impl FnOnce(&O, &mut O::Exchange)) {
        if self.awaits_admission() {
            self.read_route();
        }
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let admitted = &mut self.admitted;
        let admission = Admission {
            method: &self.method,
            route: self.route.as_ref(),
        };
        let observer = &self.observer;
        current::enter(&mut self.scope, || {
            guarded(|| {
                if !*admitted {
                    observer.admit(exchange, &admission);
                    *admitted = true;
                }
                tell(observer, exchange);
            })
        });
        if !self.admitted {
            self.forget();
        }
    }

    /// The exchange is nobody's business: the observer hears no more of it.
    #[cold]
    fn forget(&mut self) {
        let exchange = self.exchange.take();
        current::enter(&mut self.scope, || guarded(|| drop(exchange)));
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

    /// What goes out as `x-trace-id`, where it is to.
    #[inline]
    pub(super) fn x_trace_id(&self) -> Option<HeaderValue> {
        if !self.options.sends_trace_id {
            return None;
        }
        Some(self.scope.as_ref()?.context.x_trace_id())
    }

    pub(super) const fn catches_panics(&self) -> bool {
        self.options.catch_panics
    }

    /// The request asks to go on in another protocol, of this kind.
    pub(super) fn set_upgrade(&mut self, upgrade: Handover, asked: StreamKind) {
        self.upgrade = Some(upgrade);
        self.asked = Some(asked);
    }

    #[cfg(feature = "server")]
    pub(super) const fn take_upgrade(&mut self) -> Option<Handover> {
        self.upgrade.take()
    }

    /// There is no future to poll, for calling the service panicked.
    #[cold]
    pub(super) fn set_panicked(&mut self, payload: Payload) {
        self.panicked = Some(Mutex::new(payload));
    }

    #[inline]
    pub(super) fn take_panicked(&mut self) -> Option<Payload> {
        let payload = self.panicked.take()?.into_inner();
        Some(payload.unwrap_or_else(PoisonError::into_inner))
    }

    /// What the layer does besides, and where the request's bytes are counted.
    pub(crate) fn set_options(&mut self, options: Options, bytes: Option<RequestBytes>) {
        self.options = options;
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
        if let Some(scope) = &self.scope
            && let Some(route) = scope.named_route()
        {
            self.route = Some(route);
        }
    }

    fn report(&mut self, end: End, cause: Option<Cause<'_>>) {
        self.admit();
        self.read_route();
        let Some(exchange) = self.exchange.take() else {
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
#[inline]
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
