use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{ClientObserver, host_groups::HostGroups};
use crate::{
    Monitor,
    exchange::{InFlight, ResponseBody, ResponseFuture, Route, call},
    monitor::Core,
    trace::{TraceContext, current::Scope},
};

/// Tells the services that are called which trace they are part of, and measures the calls. For any HTTP client that is a
/// tower service; made by [`Monitor::client_layer`].
///
/// Each call is a span below what is current, or begins a trace where nothing is. Its `traceparent` and `tracestate` take
/// the place of those that stand on the request. It is current while the client is polled.
///
/// A call is over, and counted in `http_client_request_duration_seconds`, once its response's body is read to the end or
/// dropped, or the call itself failed or was dropped. `status` is the response's; where there was none, as in all metrics
/// of requests: `499` where the call was dropped before its answer (a time-out outside of the layer does so), `500` where
/// it failed (nobody listens, a connection that breaks). Streams count with their time to the head.
///
/// ```
/// use monitor_layer::Monitor;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// # use std::convert::Infallible;
///
/// # futures_executor::block_on(async {
/// let monitor = Monitor::builder("api").build().unwrap();
/// let client = ServiceBuilder::new()
///     .layer(monitor.client_layer().host_group("payments", ["api.pay.example"]))
///     .service(service_fn(async |request: http::Request<String>| {
///         // A real client would send it.
///         assert!(request.headers().contains_key("traceparent"));
///         Ok::<_, Infallible>(http::Response::new(String::new()))
///     }));
///
/// let charge = http::Request::post("https://api.pay.example/charges");
/// let response = client.oneshot(charge.body(String::new()).unwrap()).await.unwrap();
/// assert_eq!(response.status(), 200);
/// # });
/// ```
///
/// `reqwest` is such a client behind a function that turns its own types into those of `http`:
///
/// ```
/// use tower::{Service, ServiceBuilder, service_fn};
///
/// # fn layered(monitor: monitor_layer::Monitor, client: reqwest::Client) {
/// let client = ServiceBuilder::new()
///     .layer(monitor.client_layer())
///     .service(service_fn(move |request: http::Request<reqwest::Body>| {
///         let client = client.clone();
///         async move {
///             let response = client.execute(request.try_into()?).await?;
///             Ok::<_, reqwest::Error>(http::Response::<reqwest::Body>::from(response))
///         }
///     }));
/// # let _ = client; }
/// ```
#[derive(Clone)]
pub struct ClientLayer {
    monitor: Monitor,
    groups: Arc<HostGroups>,
}

impl ClientLayer {
    fn new(monitor: Monitor) -> Self {
        Self {
            monitor,
            groups: Arc::default(),
        }
    }

    /// Shows calls to these hosts under this name, as `host_group`; calls to others are `other`. A host is a name without
    /// its port, or `*.example.com` for all below it; the first group that fits counts.
    #[must_use]
    pub fn host_group<H: Into<Box<str>>>(
        mut self,
        name: impl Into<Box<str>>,
        hosts: impl IntoIterator<Item = H>,
    ) -> Self {
        Arc::make_mut(&mut self.groups).add(name.into(), hosts);
        self
    }
}

impl Monitor {
    /// The layer for an HTTP client: calls to other services continue the trace and are measured.
    #[must_use]
    pub fn client_layer(&self) -> ClientLayer {
        ClientLayer::new(self.clone())
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of [`ClientLayer`].
#[derive(Clone)]
pub struct ClientService<S> {
    inner: S,
    layer: ClientLayer,
}

impl<S, RequestBody, B> Service<Request<RequestBody>> for ClientService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: 'static,
    B: Body,
{
    type Response = Response<ResponseBody<B, ClientObserver>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ClientObserver>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let core = self.layer.monitor.core();
        let scope = outbound_scope(core);
        scope.context.inject(request.headers_mut());
        let observer = ClientObserver {
            core: Arc::clone(core),
            groups: Arc::clone(&self.layer.groups),
        };
        let route = Route::of(request.extensions());
        let guard = InFlight::start(observer, Some(scope), route, &request);
        call(&mut self.inner, &mut Some(request), guard)
    }
}

/// A scope below the current one, for a call.
fn outbound_scope(core: &Arc<Core>) -> Box<Scope> {
    let root = || Scope::new(TraceContext::root(&core.sampler), None).boxed();
    let mut scope = Scope::child_of_current().unwrap_or_else(root);
    scope.core.get_or_insert_with(|| Arc::clone(core));
    // A callee in this process has a request and an exchange of its own, and reads what was sent to it.
    scope.in_request = false;
    scope.in_exchange = false;
    scope.method = None;
    scope.route = None;
    scope
}

impl fmt::Debug for ClientLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientLayer")
            .field("monitor", &self.monitor)
            .field("groups", &self.groups)
            .finish()
    }
}

impl<S: fmt::Debug> fmt::Debug for ClientService<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
