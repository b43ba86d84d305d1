//! Requests that a layer is told to leave alone.

use std::convert::Infallible;

use axum::{Router, routing::get};
use http::{Method, Request, Response};
use monitor_layer::{ExchangeLayer, TraceContext, testing::TestMonitor};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::{Client, Recorder, Server, send};

fn routes() -> Router {
    Router::new()
        .route("/jobs/{id}", get(async || "a job"))
        .route(
            "/trace",
            get(async || TraceContext::current().unwrap().trace_id().to_string()),
        )
        .route("/panic", get(panic))
        .route("/broken", get(async || http::StatusCode::BAD_GATEWAY))
}

async fn panic() {
    panic!("out of frames");
}

fn assert_nothing_is_known(monitor: &TestMonitor) {
    for name in [
        "http_requests_started_total",
        "http_request_outcomes_total",
        "http_active_connections",
        "errors_total",
    ] {
        assert_eq!(monitor.metric(name, []), 0.0, "{name}");
    }
    assert!(!monitor.has_metric("http_requests_total", []));
    assert_eq!(monitor.lines(), Vec::<serde_json::Value>::new());
    assert_eq!(monitor.errors().len(), 0);
}

#[tokio::test]
async fn what_is_ignored_is_neither_measured_nor_logged_nor_captured() {
    let monitor = TestMonitor::new("api");
    let app = routes().layer(monitor.layer().ignore(|_| true));
    assert_eq!(send(&app, Method::GET, "/jobs/7").await.text, "a job");
    assert_eq!(send(&app, Method::GET, "/missing").await.status, 404);
    assert_eq!(send(&app, Method::GET, "/broken").await.status, 502);
    assert_nothing_is_known(&monitor);
}

#[tokio::test]
async fn what_is_ignored_keeps_its_trace() {
    let monitor = TestMonitor::new("api");
    let app = routes().layer(monitor.layer().ignore(|_| true));
    let answer = send(&app, Method::GET, "/trace").await;
    assert_eq!(answer.headers["x-trace-id"], answer.text);
}

#[tokio::test]
async fn a_panic_of_what_is_ignored_is_answered() {
    let monitor = TestMonitor::new("api");
    let app = routes().layer(monitor.layer().ignore(|_| true));
    let answer = send(&app, Method::GET, "/panic").await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.headers["x-trace-id"].len(), 32);
    assert_nothing_is_known(&monitor);
}

#[tokio::test]
async fn each_closure_adds_what_it_ignores() {
    let monitor = TestMonitor::new("api");
    let layer = monitor
        .layer()
        .ignore(|request| request.uri.path() == "/trace")
        .ignore(|request| {
            request
                .route
                .is_some_and(|route| route.as_str() == "/broken")
        });
    let app = routes().layer(layer);
    for path in ["/trace", "/broken", "/jobs/7"] {
        send(&app, Method::GET, path).await;
    }
    assert_eq!(monitor.metric("http_requests_started_total", []), 1.0);
    assert_eq!(
        monitor.metric("http_requests_total", [("route", "/jobs/{id}")]),
        1.0
    );
}

#[tokio::test]
async fn a_closure_that_panics_ignores_nothing() {
    let monitor = TestMonitor::new("api");
    let app = routes().layer(monitor.layer().ignore(|_| panic!("closure broke")));
    assert_eq!(send(&app, Method::GET, "/jobs/7").await.text, "a job");
    assert_eq!(monitor.metric("http_requests_total", []), 1.0);
    assert_eq!(
        monitor.metric("telemetry_dropped_total", [("signal", "observers")]),
        1.0
    );
}

#[tokio::test]
async fn an_inner_layer_of_the_same_monitor_leaves_alone_what_the_outer_ignores() {
    let monitor = TestMonitor::new("api");
    let app = routes()
        .layer(monitor.layer())
        .layer(monitor.layer().ignore(|_| true));
    send(&app, Method::GET, "/jobs/7").await;
    assert_nothing_is_known(&monitor);
}

#[tokio::test]
async fn an_exchange_layer_s_observer_does_not_hear_of_what_is_ignored() {
    let recorder = Recorder::default();
    let layer =
        ExchangeLayer::new(recorder.clone()).ignore(|request| request.method == Method::OPTIONS);
    let service = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    for method in [Method::OPTIONS, Method::GET] {
        let request = Request::builder().method(method).body(()).unwrap();
        drop(service.clone().oneshot(request).await.unwrap());
    }
    assert_eq!((recorder.started(), recorder.ended().len()), (1, 1));
}

#[tokio::test]
async fn an_upgrade_that_is_ignored_works_like_any_other() {
    let monitor = TestMonitor::new("api");
    let app = super::upgrades::echo().layer(monitor.layer().ignore(|_| true));
    let server = Server::start(app).await;
    let mut client = Client::connect(server.address).await;
    client
        .send_raw(
            b"GET /echo HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
              sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await;
    client.read_until("x-trace-id").await;
    // A masked text frame; its mask is all zeros.
    client
        .send_raw(b"\x81\x84\x00\x00\x00\x00\x65\x63\x68\x6f")
        .await;
    client.read_until("echo").await;
    assert_nothing_is_known(&monitor);
}
