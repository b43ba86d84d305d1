//! One request through a router of one route, called without a socket, its response body read to the end.
//!
//! What a layer costs is the difference to a router with a layer that does nothing, for axum takes a clone and a box for
//! any layer. Known costs beside ours: axum boxes a response body that a layer has wrapped (1 allocation), and a request
//! body likewise. The router has its state, for without `with_state` axum rebuilds its layers at every call.

use std::{
    hint::black_box,
    task::{Context, Poll},
};

use axum::{Router, body::Body, routing::get};
use axum_prometheus::{PrometheusMetricLayer, metrics_exporter_prometheus::PrometheusHandle};
use http::Request;
use http_body_util::BodyExt as _;
use monitor_layer::{ExchangeLayer, HttpMetrics, HttpMetricsBuilder};
use prometheus::Registry;
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, Service, ServiceExt as _};

/// A router and what drives it.
#[derive(Debug)]
pub struct App {
    router: Router,
    runtime: Runtime,
}

/// axum-prometheus holds every observation until a scrape or its upkeep task drains it; here that is done by hand.
#[derive(Clone, Debug)]
pub struct Upkeep(PrometheusHandle);

impl App {
    /// Around a layer that does nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::new(routes().layer(NothingLayer))
    }

    /// Around our metrics as they are by default.
    #[must_use]
    pub fn ours() -> Self {
        Self::measured(HttpMetrics::builder())
    }

    /// Around our metrics with all that can be asked for.
    #[must_use]
    pub fn ours_with_opt_ins() -> Self {
        // Request sizes are `MonitorLayer`'s alone, for they change the request's type.
        Self::measured(HttpMetrics::builder().response_sizes().response_start())
    }

    /// Around axum-prometheus, as its README shows it. Once in a process, for it sets the global recorder.
    #[must_use]
    pub fn axum_prometheus() -> (Self, Upkeep) {
        let spawning = Builder::new_current_thread().enable_time().build().unwrap();
        let (layer, handle) = spawning.block_on(async { PrometheusMetricLayer::pair() });
        (Self::new(routes().layer(layer)), Upkeep(handle))
    }

    fn measured(metrics: HttpMetricsBuilder) -> Self {
        let metrics = metrics.register(&Registry::new()).unwrap();
        Self::new(routes().layer(ExchangeLayer::new(metrics)))
    }

    fn new(router: Router) -> Self {
        Self {
            router: router.with_state(()),
            runtime: Builder::new_current_thread().build().unwrap(),
        }
    }

    /// Answers so many requests, one after the other.
    pub fn answer(&self, requests: usize) {
        self.runtime.block_on(async {
            for _ in 0..requests {
                let request = Request::get("/jobs/7").body(Body::empty()).unwrap();
                let Ok(response) = self.router.clone().oneshot(request).await;
                let _ = black_box(response.into_body().collect().await);
            }
        });
    }
}

impl Upkeep {
    /// Drains what was observed.
    pub fn run(&self) {
        self.0.run_upkeep();
    }
}

fn routes() -> Router {
    Router::new().route("/jobs/{id}", get(async || "a job"))
}

#[derive(Clone)]
struct NothingLayer;

#[derive(Clone)]
struct Nothing<S>(S);

impl<S> Layer<S> for NothingLayer {
    type Service = Nothing<S>;

    fn layer(&self, inner: S) -> Nothing<S> {
        Nothing(inner)
    }
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Nothing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        self.0.call(request)
    }
}
