use std::{
    fmt,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Guard, Ignore, InFlight, Observe, Options, RequestHead, ResponseBody, ResponseFuture,
    StreamKind, future::Handover,
};
use crate::trace::current::Scope;

/// Reports the [`Outcome`](super::Outcome) of every exchange to an observer, exactly once.
///
/// It changes nothing: a panic or an error goes on as it came. `MonitorLayer` contains it; alone it carries an
/// observer of one's own, or `HttpMetrics` in a registry of one's own.
#[derive(Clone, Debug)]
pub struct ExchangeLayer<O> {
    observer: O,
    ignore: Ignore,
}

impl<O: Observe> ExchangeLayer<O> {
    /// A layer that reports to `observer`; a pair of observers is an observer.
    #[must_use]
    pub fn new(observer: O) -> Self {
        Self {
            observer,
            ignore: Ignore::default(),
        }
    }

    /// Leaves alone the requests for which this returns true, beside those that were to be left alone before: the
    /// observer is not called.
    #[must_use]
    pub fn ignore(
        mut self,
        ignored: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.ignore = self.ignore.or(ignored);
        self
    }
}

impl<S, O: Observe> Layer<S> for ExchangeLayer<O> {
    type Service = ExchangeService<S, O>;

    fn layer(&self, inner: S) -> Self::Service {
        ExchangeService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of [`ExchangeLayer`].
#[derive(Clone)]
pub struct ExchangeService<S, O> {
    inner: S,
    layer: ExchangeLayer<O>,
}

impl<S, O, RequestBody, B> Service<Request<RequestBody>> for ExchangeService<S, O>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: 'static,
    O: Observe,
    B: Body,
{
    type Response = Response<ResponseBody<B, O>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, O>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        if self.layer.ignore.covers(&request, &mut None) {
            return ResponseFuture::passing(self.inner.call(request));
        }
        let observer = self.layer.observer.clone();
        let guard = InFlight::start(observer, Scope::current().map(Scope::boxed), &request);
        call(&mut self.inner, request, guard, Options::default())
    }
}

impl<S: fmt::Debug, O> fmt::Debug for ExchangeService<S, O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExchangeService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

/// Calls the service with the guard armed, a panic of `call` itself included.
pub(crate) fn call<S, O, RequestBody>(
    service: &mut S,
    mut request: Request<RequestBody>,
    mut guard: Guard<O>,
    options: Options,
) -> ResponseFuture<S::Future, O>
where
    S: Service<Request<RequestBody>>,
    O: Observe,
{
    let Some(in_flight) = guard.in_flight() else {
        return ResponseFuture::passing(service.call(request));
    };
    let upgrade = match in_flight.is_over() {
        true => None,
        false => handover(&mut request),
    };
    // hyper leaves an upgrade to be had on the requests that ask for one: no others are looked at.
    if upgrade.is_some() {
        in_flight.set_asked(StreamKind::asked_by(&request));
    }
    let mut future = None;
    // The request by value: taken out of a place of ours, it was copied as often, and not faster.
    let called = in_flight.within(|| future = Some(service.call(request)));
    ResponseFuture::observed(future, called.err(), guard, options, upgrade)
}

#[cfg(feature = "server")]
fn handover<B>(request: &mut Request<B>) -> Option<Handover> {
    Handover::intercept(request)
}

#[cfg(not(feature = "server"))]
fn handover<B>(_request: &mut Request<B>) -> Option<Handover> {
    None
}
