//! One request through a router of one route, called without a socket, its response body read to the end.
//!
//! What a layer costs is the difference to a router with a layer that does nothing, for axum takes a clone and a box for
//! any layer. Known costs beside ours: axum boxes a response body that a layer has wrapped (1 allocation), and a request
//! body likewise. The router has its state, for without `with_state` axum rebuilds its layers at every call.

use std::{
    hint::black_box,
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    sync::OnceLock,
    task::{Context, Poll},
    thread,
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use axum_prometheus::{PrometheusMetricLayer, metrics_exporter_prometheus::PrometheusHandle};
use http::Request;
use http_body_util::BodyExt as _;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use monitor_layer::{
    __bench::discarding, ExchangeLayer, HttpMetrics, HttpMetricsBuilder, Monitor, Otlp,
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::Registry;
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
};
use tower::{Layer, Service, ServiceExt as _};
use tracing::{Dispatch, dispatcher};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{
    peers::stack::{self, Telemetry},
    timing,
};

/// A router and what drives it.
#[derive(Debug)]
pub struct App {
    router: Router,
    runtime: Runtime,
    /// What `tracing` events go to.
    dispatch: Dispatch,
    exports: Exports,
}

/// Where exported spans wait.
#[derive(Debug)]
enum Exports {
    Nowhere,
    Monitor(Monitor),
    Provider(SdkTracerProvider),
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

    /// Around axum-prometheus, as its README shows it.
    #[must_use]
    pub fn axum_prometheus() -> (Self, Upkeep) {
        let (layer, upkeep) = metrics();
        (Self::new(routes().layer(layer)), upkeep)
    }

    /// Around all of ours: trace in and out, metrics, both request lines to a sink, Sentry, and this share of traces
    /// exported, to be batched and thrown away.
    #[must_use]
    pub fn our_stack(exported: f64) -> Self {
        Self::our_stack_exporting(exported, discarding())
    }

    /// The same, exporting somewhere.
    #[must_use]
    pub fn our_stack_exporting(exported: f64, otlp: Otlp) -> Self {
        let monitor = Monitor::builder("versus")
            .log_to(io::sink())
            .sample_ratio(exported)
            .otlp(otlp)
            .sentry_dsn("http://public@127.0.0.1:9/1")
            // As the peers' stack has it: errors, no transactions.
            .sentry_traces_sample_rate(0.0)
            .build()
            .unwrap();
        let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
        Self {
            dispatch: Dispatch::new(subscriber),
            ..Self::new(routes().layer(monitor.layer()))
        }
        .exporting_to(Exports::Monitor(monitor))
    }

    /// Around all of the peers', tuned. Sentry's client is the process's.
    #[must_use]
    pub fn peers_stack(telemetry: &Telemetry) -> (Self, Upkeep) {
        let (metrics, upkeep) = metrics();
        let app = Self {
            dispatch: telemetry.dispatch.clone(),
            ..Self::new(stack::around(routes(), metrics))
        };
        let provider = Exports::Provider(telemetry.provider.clone());
        (app.exporting_to(provider), upkeep)
    }

    fn measured(metrics: HttpMetricsBuilder) -> Self {
        let metrics = metrics.register(&Registry::new()).unwrap();
        Self::new(routes().layer(ExchangeLayer::new(metrics)))
    }

    fn new(router: Router) -> Self {
        Self {
            router: router.with_state(()),
            runtime: Builder::new_current_thread().enable_io().build().unwrap(),
            dispatch: Dispatch::none(),
            exports: Exports::Nowhere,
        }
    }

    fn exporting_to(self, exports: Exports) -> Self {
        Self { exports, ..self }
    }

    /// Has what waits for its export thrown away, and waits for it.
    ///
    /// # Panics
    ///
    /// Where the SDK's processor does not answer.
    pub fn flush(&self) {
        match &self.exports {
            Exports::Nowhere => {}
            Exports::Monitor(monitor) => monitor.flush(Duration::from_secs(10)),
            Exports::Provider(provider) => provider.force_flush().unwrap(),
        }
    }

    /// Answers so many requests of one connection over loopback, one after the other. Time of CPU of the thread that does
    /// so, the kernel's included.
    ///
    /// # Panics
    ///
    /// Where there is no loopback to be had.
    #[must_use]
    pub fn serve(&self, requests: usize) -> Duration {
        let _current = dispatcher::set_default(&self.dispatch);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = thread::spawn(move || ask(address, requests));
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        stream.set_nodelay(true).unwrap();
        let service = TowerToHyperService::new(self.router.clone());
        let took = timing::of(|| {
            self.runtime.block_on(async {
                let stream = TokioIo::new(TcpStream::from_std(stream).unwrap());
                http1::Builder::new()
                    .serve_connection(stream, service)
                    .await
                    .unwrap();
            });
        });
        client.join().unwrap();
        took
    }

    /// Answers so many requests, one after the other.
    pub fn answer(&self, requests: usize) {
        let _current = dispatcher::set_default(&self.dispatch);
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

/// Sends requests, each when the answer before is there, and closes the connection.
fn ask(address: SocketAddr, requests: usize) {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = [0; 4096];
    for _ in 0..requests {
        stream
            .write_all(b"GET /jobs/7 HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .unwrap();
        let mut length = 0;
        while !answer[..length].ends_with(b"a job") {
            length += stream.read(&mut answer[length..]).unwrap();
        }
    }
}

/// One for the process, for it sets the global recorder.
fn metrics() -> (PrometheusMetricLayer<'static>, Upkeep) {
    static METRICS: OnceLock<(PrometheusMetricLayer<'static>, Upkeep)> = OnceLock::new();
    let metrics = METRICS.get_or_init(|| {
        let spawning = Builder::new_current_thread().enable_time().build().unwrap();
        let (layer, handle) = spawning.block_on(async { PrometheusMetricLayer::pair() });
        (layer, Upkeep(handle))
    });
    metrics.clone()
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
