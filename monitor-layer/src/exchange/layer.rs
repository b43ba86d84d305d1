use std::{
    fmt,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Guard, Ignore, InFlight, Observe, RequestHead, ResponseBody, ResponseFuture, Route, StreamKind,
    future::Handover,
};
use crate::{clock, trace::current::Scope};

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
        clock::calibrate();
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
        let route = Route::of(request.extensions());
        let guard = match (self.layer.ignore).covers(&request, route.as_ref(), &mut None) {
            true => Guard::empty(),
            false => {
                let observer = self.layer.observer.clone();
                InFlight::start(observer, Scope::current_boxed(), route, &request)
            }
        };
        call(&mut self.inner, &mut Some(request), guard)
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

/// Calls the service with the guard armed, a panic of `call` itself included. The request is taken out of its place, for it
/// is some hundred bytes, which are copied wherever it is passed on.
pub(crate) fn call<S, O, RequestBody>(
    service: &mut S,
    request: &mut Option<Request<RequestBody>>,
    mut guard: Guard<O>,
) -> ResponseFuture<S::Future, O>
where
    S: Service<Request<RequestBody>>,
    O: Observe,
{
    // hyper leaves an upgrade to be had on the requests that ask for one: no others are looked at.
    if let Some(in_flight) = guard.unreported()
        && let Some(request) = request
        && let Some(upgrade) = handover(request)
    {
        in_flight.set_upgrade(upgrade, StreamKind::asked_by(request));
    }
    let mut future = ResponseFuture::new(guard);
    future.call(service, request);
    future
}

#[cfg(feature = "server")]
fn handover<B>(request: &mut Request<B>) -> Option<Handover> {
    Handover::intercept(request)
}

#[cfg(not(feature = "server"))]
fn handover<B>(_request: &mut Request<B>) -> Option<Handover> {
    None
}
