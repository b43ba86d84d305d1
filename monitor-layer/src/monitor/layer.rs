use std::{
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{Core, Monitor};
use crate::{
    error::capture_exchange,
    exchange::{
        Admission, CountRequestBody, Guard, Ignore, InFlight, Observe, Options, Outcome,
        PassRequestBody, RequestBodies, RequestHead, ResponseBody, ResponseFuture, ResponseHead,
        Route, admit, call, guarded, name_route,
    },
    log::{AccessExchange, warn_of_unmatched},
    metrics::HttpMetrics,
    trace::{
        TrustPolicy,
        current::{self, Scope},
        inbound_scope,
    },
};

/// Trace context, exchange, metrics, access log and error capture as one layer, one future and one body.
///
/// Made by [`Monitor::layer`]. A request that a layer of the same monitor saw further out is not counted again; the
/// inner layer then only names its route.
#[derive(Clone)]
pub struct MonitorLayer<O = (), R = PassRequestBody> {
    monitor: Monitor,
    observer: O,
    resume_panics: bool,
    trust: TrustPolicy,
    ignore: Ignore,
    request_bodies: PhantomData<fn() -> R>,
}

impl MonitorLayer {
    pub(super) fn new(monitor: Monitor) -> Self {
        Self {
            monitor,
            observer: (),
            resume_panics: false,
            trust: TrustPolicy::default(),
            ignore: Ignore::default(),
            request_bodies: PhantomData,
        }
    }
}

impl<O: Observe, R> MonitorLayer<O, R> {
    /// Reports to an observer of one's own as well.
    #[must_use]
    pub fn observe<P: Observe>(self, observer: P) -> MonitorLayer<(O, P), R> {
        MonitorLayer {
            monitor: self.monitor,
            observer: (self.observer, observer),
            resume_panics: self.resume_panics,
            trust: self.trust,
            ignore: self.ignore,
            request_bodies: self.request_bodies,
        }
    }

    /// Measures `http_request_size_bytes`: wraps the request's body to count what is read of it.
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// # let monitor = monitor_layer::Monitor::builder("api").build().unwrap();
    /// let app: axum::Router = axum::Router::new().layer(monitor.layer().request_sizes());
    /// # }
    /// ```
    #[must_use]
    pub fn request_sizes(self) -> MonitorLayer<O, CountRequestBody> {
        MonitorLayer {
            monitor: self.monitor,
            observer: self.observer,
            resume_panics: self.resume_panics,
            trust: self.trust,
            ignore: self.ignore,
            request_bodies: PhantomData,
        }
    }

    /// Leaves alone the requests for which this returns true, beside those that were to be left alone before: they
    /// are neither measured nor logged, and their failures are not captured. Trace context, `x-trace-id` and the
    /// answer to a panic are theirs like others'.
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// # let monitor = monitor_layer::Monitor::builder("api").build().unwrap();
    /// let layer = monitor.layer().ignore(|request| request.uri.path() == "/favicon.ico");
    /// let app: axum::Router = axum::Router::new().layer(layer);
    /// # }
    /// ```
    #[must_use]
    pub fn ignore(
        mut self,
        ignored: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.ignore = self.ignore.or(ignored);
        self
    }

    /// Whose traces go on here; everybody's by default. Asked by the outermost layer that reads the request's context.
    ///
    /// ```
    /// use monitor_layer::{Monitor, Trust};
    ///
    /// let monitor = Monitor::builder("api").build()?;
    /// let layer = monitor.layer().trust(Trust::Link);
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    #[must_use]
    pub fn trust(mut self, policy: impl Into<TrustPolicy>) -> Self {
        self.trust = policy.into();
        self
    }

    /// Lets a handler's panic go on as it came, instead of answering with an empty 500. It is counted either way.
    #[must_use]
    pub fn resume_panics(mut self) -> Self {
        self.resume_panics = true;
        self
    }
}

impl<S, O: Observe, R: Clone> Layer<S> for MonitorLayer<O, R> {
    type Service = MonitorService<S, O, R>;

    fn layer(&self, inner: S) -> Self::Service {
        MonitorService {
            inner,
            layer: Arc::new(self.clone()),
        }
    }
}

/// The service of [`MonitorLayer`].
#[derive(Clone)]
pub struct MonitorService<S, O = (), R = PassRequestBody> {
    inner: S,
    /// Shared, for axum clones the service for every request.
    layer: Arc<MonitorLayer<O, R>>,
}

impl<S, O, R, RequestBody, B> Service<Request<RequestBody>> for MonitorService<S, O, R>
where
    S: Service<Request<R::Body>, Response = Response<B>>,
    S::Error: 'static,
    O: Observe,
    R: RequestBodies<RequestBody>,
    B: Body,
{
    type Response = Response<ResponseBody<B, MonitorObserver<O>>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, MonitorObserver<O>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let mut guard = match observed_further_out(self.layer.monitor.core()) {
            true => {
                name_route(request.extensions());
                Guard::empty()
            }
            false => self.layer.guard(&request),
        };
        let (request, request_bytes) = R::lend(request);
        if let Some(in_flight) = guard.in_flight() {
            let options = Options {
                sends_trace_id: true,
                catch_panics: !self.layer.resume_panics,
            };
            in_flight.set_options(options, request_bytes);
        }
        call(&mut self.inner, &mut Some(request), guard)
    }
}

impl<O: Observe, R> MonitorLayer<O, R> {
    /// The guard of a request that nobody further out has seen.
    fn guard<B>(&self, request: &Request<B>) -> Guard<MonitorObserver<O>> {
        let core = self.monitor.core();
        let route = Route::of(request.extensions());
        let mut scope = scope_of(request, core, &self.trust);
        core.errors.isolate(&mut scope);
        scope.core = Some(Arc::clone(core));
        scope.in_exchange = true;
        scope.catches_panics = true;
        scope.method = Some(request.method().clone());
        scope.route = route.clone();
        let observers = MonitorObserver {
            core: Arc::clone(core),
            own: self.observer.clone(),
        };
        let mut scope = Some(scope.boxed());
        match self.ignore.covers(request, route.as_ref(), &mut scope) {
            true => InFlight::ignored(observers, scope, route, request),
            false => InFlight::start(observers, scope, route, request),
        }
    }
}

/// What a layer further out has read of the request, else what its headers say.
fn scope_of<B>(request: &Request<B>, core: &Core, trust: &TrustPolicy) -> Scope {
    match Scope::current_of_request() {
        None => inbound_scope(request, &core.sampler, trust, Some(core)),
        Some(outer) if outer.in_exchange => Scope {
            in_request: true,
            isolated: outer.isolated,
            ..Scope::new(outer.context.child(), None)
        },
        Some(outer) => outer,
    }
}

fn observed_further_out(core: &Core) -> bool {
    current::with_current(|scope| {
        scope.is_some_and(|scope| {
            scope.in_exchange
                && scope
                    .core
                    .as_ref()
                    .is_some_and(|outer| Arc::ptr_eq(&outer.shared, &core.shared))
        })
    })
}

/// The monitor's observers, and the user's own.
#[derive(Clone)]
pub struct MonitorObserver<O> {
    core: Arc<Core>,
    own: O,
}

/// What the observers keep of one exchange.
pub struct Observed<E> {
    metrics: Option<<HttpMetrics as Observe>::Exchange>,
    access: Option<AccessExchange>,
    #[cfg(feature = "otlp")]
    span: Option<crate::trace::otlp::RequestFacts>,
    own: Option<E>,
}

impl<O: Observe> Observe for MonitorObserver<O> {
    type Exchange = Observed<O::Exchange>;

    fn times_response_start(&self) -> bool {
        self.core.metrics.http.times_response_start() || self.own.times_response_start()
    }

    fn start(&self, request: &RequestHead<'_>) -> Self::Exchange {
        Observed {
            metrics: guarded(|| self.core.metrics.http.start(request)),
            access: guarded(|| AccessExchange::start(&self.core, request)).flatten(),
            #[cfg(feature = "otlp")]
            span: self
                .core
                .exporter
                .as_ref()
                .map(|_| crate::trace::otlp::RequestFacts::of(request)),
            own: guarded(|| self.own.start(request)),
        }
    }

    fn admit(&self, exchange: &mut Self::Exchange, admission: &Admission<'_>) {
        admit(&self.core.metrics.http, &mut exchange.metrics, admission);
        if let Some(access) = &exchange.access {
            guarded(|| access.admit());
        }
        admit(&self.own, &mut exchange.own, admission);
    }

    fn head(&self, exchange: &mut Self::Exchange, response: &ResponseHead<'_>) {
        if let Some(metrics) = &mut exchange.metrics {
            guarded(|| self.core.metrics.http.head(metrics, response));
        }
        if let Some(own) = &mut exchange.own {
            guarded(|| self.own.head(own, response));
        }
    }

    fn end(&self, exchange: Self::Exchange, outcome: &Outcome<'_>) {
        if let Some(metrics) = exchange.metrics {
            guarded(|| self.core.metrics.http.end(metrics, outcome));
        }
        let failure = guarded(|| capture_exchange(&self.core, outcome)).flatten();
        let failed = failure.is_some();
        guarded(|| {
            self.core.errors.exchange_ended(&self.core, outcome, failed);
        });
        guarded(|| warn_of_unmatched(&self.core, outcome));
        #[cfg(feature = "server")]
        if outcome.end != crate::exchange::End::Completed {
            guarded(|| super::drain::tell_abandoned_exchange(&self.core, outcome));
        }
        if let Some(access) = exchange.access {
            guarded(|| access.end(&self.core, outcome, failure.as_ref()));
        }
        #[cfg(feature = "otlp")]
        if let Some(facts) = exchange.span {
            guarded(|| {
                crate::trace::otlp::ended_exchange(&self.core, &facts, outcome, failure.as_ref());
            });
        }
        if let Some(own) = exchange.own {
            guarded(|| self.own.end(own, outcome));
        }
    }
}

impl<O, R> fmt::Debug for MonitorLayer<O, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MonitorLayer")
            .field("monitor", &self.monitor)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, O, R> fmt::Debug for MonitorService<S, O, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MonitorService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
