use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderName, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    InScope, Sampler, TrustPolicy,
    current::{enter, with_current},
    inbound::inbound_scope,
};

/// The response header that carries the trace id, 32 lower-case hex digits.
pub(crate) const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// Continues or starts a trace for each request, keeps it current for every poll of handler and body, and puts
/// `x-trace-id` on the response.
///
/// `MonitorLayer` contains it; alone it gives a service ids without metrics or lines. Inside of another one, or of a
/// `MonitorLayer`, it leaves their context as it is.
///
/// ```
/// use monitor_layer::{Sampler, TraceContext, TraceContextLayer};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// # futures_executor::block_on(async {
/// let service = ServiceBuilder::new()
///     .layer(TraceContextLayer::new(Sampler::default()))
///     .service(service_fn(async |_: http::Request<String>| {
///         let id = TraceContext::current().map(|context| context.trace_id().to_string());
///         Ok::<_, std::convert::Infallible>(http::Response::new(id.unwrap_or_default()))
///     }));
///
/// let request = http::Request::builder()
///     .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
///     .body(String::new()).unwrap();
/// let response = service.oneshot(request).await.unwrap();
/// assert_eq!(response.headers()["x-trace-id"], "0af7651916cd43dd8448eb211c80319c");
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct TraceContextLayer {
    sampler: Arc<Sampler>,
    policy: TrustPolicy,
}

impl TraceContextLayer {
    /// A layer whose new traces are sampled by `sampler`.
    #[must_use]
    pub fn new(sampler: Sampler) -> Self {
        Self {
            sampler: Arc::new(sampler),
            policy: TrustPolicy::default(),
        }
    }

    /// Whose traces go on here; everybody's by default.
    ///
    /// ```
    /// use monitor_layer::{Sampler, TraceContextLayer, Trust};
    ///
    /// let at_the_border = TraceContextLayer::new(Sampler::default()).trust(Trust::Link);
    /// ```
    #[must_use]
    pub fn trust(mut self, policy: impl Into<TrustPolicy>) -> Self {
        self.policy = policy.into();
        self
    }
}

impl<S> Layer<S> for TraceContextLayer {
    type Service = TraceContextService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TraceContextService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of [`TraceContextLayer`].
#[derive(Clone, Debug)]
pub struct TraceContextService<S> {
    inner: S,
    layer: TraceContextLayer,
}

impl<S, RequestBody, Body> Service<Request<RequestBody>> for TraceContextService<S>
where
    S: Service<Request<RequestBody>, Response = Response<Body>>,
{
    type Response = Response<InScope<Body>>;
    type Error = S::Error;
    type Future = TraceContextFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let is_known = with_current(|scope| scope.is_some_and(|scope| scope.in_request));
        let TraceContextLayer { sampler, policy } = &self.layer;
        let mut scope = (!is_known).then(|| inbound_scope(&request, sampler, policy, None).boxed());
        let x_trace_id = scope.as_ref().map(|scope| scope.context.x_trace_id());
        let inner = enter(&mut scope, || self.inner.call(request));
        TraceContextFuture {
            inner: InScope::new(scope, inner),
            x_trace_id,
        }
    }
}

pin_project! {
    /// The future of [`TraceContextService`].
    pub struct TraceContextFuture<F> {
        #[pin]
        inner: InScope<F>,
        x_trace_id: Option<http::HeaderValue>,
    }
}

impl<F, Body, E> Future for TraceContextFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<InScope<Body>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut response = ready!(this.inner.as_mut().poll(context))?;
        if let Some(id) = this.x_trace_id.take() {
            response.headers_mut().insert(X_TRACE_ID, id);
        }
        let scope = this.inner.into_scope();
        Poll::Ready(Ok(response.map(|body| InScope::new(scope, body))))
    }
}
