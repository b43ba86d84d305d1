//! The layers people put beside ours, in each order that the README shows.

use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use http::{HeaderName, Method, Request, StatusCode, header};
use monitor_layer::testing::TestMonitor;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{Any, CorsLayer},
    timeout::TimeoutLayer,
};

use crate::support::{send, send_request};

fn routes() -> Router {
    Router::new()
        .route("/text", get(async || "word ".repeat(1_000)))
        .route("/slow", get(std::future::pending::<()>))
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_headers(["traceparent", "tracestate", "x-trace-id"].map(HeaderName::from_static))
        .expose_headers([HeaderName::from_static("x-trace-id")])
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(20))
}

fn gzip(uri: &str) -> Request<Body> {
    Request::get(uri)
        .header(header::ACCEPT_ENCODING, "gzip")
        .header(header::ORIGIN, "https://app.example")
        .body(Body::empty())
        .unwrap()
}

async fn compressed(app: Router) -> http::HeaderMap {
    let response = tower::ServiceExt::oneshot(app, gzip("/text"))
        .await
        .unwrap();
    let headers = response.headers().clone();
    let body = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap();
    assert!(body.to_bytes().len() < 500);
    assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
    headers
}

fn completed(monitor: &TestMonitor) -> f64 {
    monitor.metric("http_request_outcomes_total", [("outcome", "completed")])
}

#[tokio::test]
async fn compression_inside_or_outside_completes_alike() {
    let monitor = TestMonitor::new("api");
    let inside = routes()
        .layer(CompressionLayer::new())
        .layer(monitor.layer());
    compressed(inside).await;
    let outside = routes()
        .layer(monitor.layer())
        .layer(CompressionLayer::new());
    compressed(outside).await;
    assert_eq!(completed(&monitor), 2.0);
    assert_eq!(
        monitor.metric("http_requests_total", [("route", "/text")]),
        2.0
    );
}

#[tokio::test]
async fn a_timeout_inside_is_an_answer() {
    let monitor = TestMonitor::new("api");
    let app = routes().layer(timeout()).layer(monitor.layer());
    assert_eq!(send(&app, Method::GET, "/slow").await.status, 504);
    assert_eq!(
        monitor.metric(
            "http_requests_total",
            [("route", "/slow"), ("status", "504")]
        ),
        1.0
    );
    assert_eq!(completed(&monitor), 1.0);
}

#[tokio::test]
async fn a_timeout_outside_is_a_cancellation() {
    let monitor = TestMonitor::new("api");
    let app = routes().layer(monitor.layer()).layer(timeout());
    assert_eq!(send(&app, Method::GET, "/slow").await.status, 504);
    assert_eq!(
        monitor.metric(
            "http_requests_total",
            [("route", "/slow"), ("status", "499")]
        ),
        1.0
    );
    assert_eq!(
        monitor.metric("http_request_outcomes_total", [("outcome", "cancelled")]),
        1.0
    );
}

#[tokio::test]
async fn cors_inside_exposes_the_trace_id_and_answers_preflights_that_are_counted() {
    let monitor = TestMonitor::new("api");
    let app = routes().layer(cors()).layer(monitor.layer());
    let answer = send_request(&app, gzip("/text")).await;
    assert_eq!(
        answer.headers[header::ACCESS_CONTROL_EXPOSE_HEADERS],
        "x-trace-id"
    );
    assert_eq!(answer.headers["x-trace-id"].len(), 32);

    let preflight = Request::options("/text")
        .header(header::ORIGIN, "https://app.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "traceparent")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send_request(&app, preflight).await.status, 200);
    assert_eq!(
        monitor.metric(
            "http_requests_total",
            [("method", "OPTIONS"), ("route", "/text")]
        ),
        1.0
    );
    assert_eq!(completed(&monitor), 2.0);
}

#[tokio::test]
async fn a_fallback_that_comes_after_the_layer_is_outside_of_it() {
    let monitor = TestMonitor::new("api");
    let app = routes()
        .layer(monitor.layer())
        .fallback(async || StatusCode::NOT_FOUND);
    assert_eq!(send(&app, Method::GET, "/missing").await.status, 404);
    assert_eq!(monitor.metric("http_requests_total", []), 0.0);
}

#[tokio::test]
async fn a_router_that_is_merged_after_the_layer_is_outside_of_it() {
    let monitor = TestMonitor::new("api");
    let other = Router::new().route("/other", get(async || "other"));
    let app = routes().layer(monitor.layer()).merge(other);
    assert_eq!(send(&app, Method::GET, "/other").await.status, 200);
    assert_eq!(monitor.metric("http_requests_total", []), 0.0);
    send(&app, Method::GET, "/text").await;
    assert_eq!(monitor.metric("http_requests_total", []), 1.0);
}

#[tokio::test]
async fn a_layer_inside_that_catches_panics_leaves_an_answer_like_any_other() {
    let monitor = TestMonitor::new("api");
    let app = Router::new()
        .route("/panic", get(panic))
        .layer(CatchPanicLayer::new())
        .layer(monitor.layer());
    assert_eq!(send(&app, Method::GET, "/panic").await.status, 500);
    assert_eq!(completed(&monitor), 1.0);
    assert_eq!(monitor.errors()[0].error_type, "http.status");
}

async fn panic() {
    panic!("out of frames");
}
