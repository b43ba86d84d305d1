//! All that a service needs of peers, stacked: request id, metrics, a span with the incoming trace as its parent, two JSON
//! lines, export over OpenTelemetry, Sentry.
//!
//! Tuned as their documentation allows: no list of spans and no target in a line, no code location or thread in exported
//! spans, a Sentry hub for each request but no transaction. What is exported is batched and thrown away.

use std::{io, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::MatchedPath};
use axum_prometheus::PrometheusMetricLayer;
use http::{Request, Response};
use opentelemetry::{propagation::TextMapPropagator as _, trace::TracerProvider as _};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use sentry_tower::{NewSentryLayer, SentryHttpLayer};
use tower::ServiceBuilder;
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing::{Dispatch, Span, field::Empty, info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer as _, filter::LevelFilter, layer::SubscriberExt as _};

use super::tracing_opentelemetry::{Nowhere, layer_tuned};

/// The subscriber, and the provider that has to live as long.
#[expect(missing_debug_implementations, reason = "Sentry's guard has none")]
pub struct Telemetry {
    pub(crate) dispatch: Dispatch,
    pub(crate) provider: SdkTracerProvider,
    _sentry: sentry::ClientInitGuard,
}

impl Telemetry {
    /// That exports this share of traces. Sentry's for the process, the rest for whoever makes it current.
    #[must_use]
    pub fn start(exported: f64) -> Self {
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
                exported,
            ))))
            .with_batch_exporter(Nowhere)
            .build();
        let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("versus"));
        let spans = layer_tuned(spans);
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_target(false)
            .with_writer(io::sink);
        let subscriber = tracing_subscriber::registry()
            .with(spans.with_filter(LevelFilter::INFO))
            .with(lines.with_filter(LevelFilter::INFO));
        let mut sentry = sentry::ClientOptions::new();
        sentry.dsn = "http://public@127.0.0.1:9/1".parse().ok();
        sentry.transport = Some(Arc::new(|_: &sentry::ClientOptions| {
            Arc::new(Discard) as Arc<dyn sentry::Transport>
        }));
        Self {
            dispatch: Dispatch::new(subscriber),
            provider,
            _sentry: sentry::init(sentry),
        }
    }
}

/// The router with all of it around.
pub fn around(router: Router, metrics: PrometheusMetricLayer<'static>) -> Router {
    let stack = ServiceBuilder::new()
        .layer(NewSentryLayer::<Request<Body>>::new_from_top())
        .layer(SentryHttpLayer::new())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span_of)
                .on_request(|_: &Request<Body>, _: &Span| info!("Request started"))
                .on_response(|response: &Response<_>, latency: Duration, span: &Span| {
                    span.record("http.response.status_code", response.status().as_u16());
                    info!(
                        status = response.status().as_u16(),
                        duration_ms = latency.as_secs_f64() * 1e3,
                        "Request completed"
                    );
                }),
        )
        .layer(PropagateRequestIdLayer::x_request_id());
    router.layer(metrics).layer(stack)
}

fn span_of(request: &Request<Body>) -> Span {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str);
    let request_id = request.headers().get("x-request-id");
    let request_id = request_id.and_then(|id| id.to_str().ok()).unwrap_or("");
    let span = info_span!(
        "request",
        otel.kind = "server",
        http.request.method = %request.method(),
        url.path = request.uri().path(),
        http.route = route,
        http.response.status_code = Empty,
        request_id,
    );
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
    let _ = span.set_parent(parent);
    span
}

struct Discard;

impl sentry::Transport for Discard {
    fn send_envelope(&self, _envelope: sentry::Envelope) {}
}
