//! One request through a router of one route, called without a socket:
//!
//! - `bare`: the router alone;
//! - `nothing`: with a layer that does nothing, which is what axum takes for any layer (a clone, a box for the future);
//! - `monitor`: with `MonitorLayer`: trace id in and out, metrics, no log line;
//! - `monitor, lines`: with both request lines, written to a sink that throws them away.
//!
//! The router has its state, for without `with_state` axum rebuilds its layers at every call. Read ratios within one
//! run, not times across runs.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on is of no use"
)]

use std::{
    hint::black_box,
    io,
    task::{Context, Poll},
};

use axum::{Router, body::Body, routing::get};
use criterion::{Criterion, criterion_group, criterion_main};
use http::Request;
use http_body_util::BodyExt as _;
use monitor_layer::{AccessLog, Monitor};
use tower::{Layer, Service, ServiceExt as _};

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

fn routes() -> Router {
    Router::new().route("/jobs/{id}", get(async || "a job"))
}

fn monitor(access_log: AccessLog) -> Monitor {
    Monitor::builder("bench")
        .access_log(access_log)
        .log_to(io::sink())
        .build()
        .unwrap()
}

fn request(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (quiet, logging) = (monitor(AccessLog::Off), monitor(AccessLog::Both));
    let mut group = criterion.benchmark_group("request");
    for (name, app) in [
        ("bare", routes()),
        ("nothing", routes().layer(NothingLayer)),
        ("monitor", routes().layer(quiet.layer())),
        ("monitor, lines", routes().layer(logging.layer())),
    ] {
        let app: Router = app.with_state(());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let request = Request::get("/jobs/7").body(Body::empty()).unwrap();
                    let Ok(response) = app.clone().oneshot(request).await;
                    let _ = black_box(response.into_body().collect().await);
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, request);
criterion_main!(benches);
