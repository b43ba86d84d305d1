//! What is opt-in: bytes in, bytes out, and the time to the head.

use axum::{
    Router,
    body::{Body, Bytes},
    routing::post,
};
use http::Request;
use monitor_layer::{HttpMetrics, testing::TestMonitor};

use crate::support::send_request;

const ROUTE: [(&str, &str); 2] = [("method", "POST"), ("route", "/echo")];

fn request(length: usize) -> Request<Body> {
    let chunks = (0..length).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"0123456789")));
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    Request::post("/echo").body(body).unwrap()
}

fn echo() -> Router {
    Router::new().route(
        "/echo",
        post(async |body: Bytes| [body.clone(), body].concat()),
    )
}

#[tokio::test]
async fn bytes_that_passed_are_counted_where_that_is_asked_for() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.http_metrics(HttpMetrics::builder().response_sizes().response_start())
    })
    .unwrap();
    let app = echo().layer(monitor.layer().request_sizes());
    send_request(&app, request(7)).await;
    send_request(&app, request(0)).await;
    let sum = |name| monitor.metric(name, ROUTE);
    assert_eq!(sum("http_request_size_bytes_sum"), 70.0);
    assert_eq!(sum("http_request_size_bytes_count"), 2.0);
    assert_eq!(sum("http_response_size_bytes_sum"), 140.0);
    assert_eq!(sum("http_response_size_bytes_count"), 2.0);
    assert_eq!(sum("http_response_start_seconds_count"), 2.0);
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_measured() {
    let monitor = TestMonitor::new("api");
    send_request(&echo().layer(monitor.layer()), request(7)).await;
    for name in [
        "http_request_size_bytes",
        "http_response_size_bytes",
        "http_response_start_seconds",
    ] {
        assert!(!monitor.has_metric(&format!("{name}_count"), []), "{name}");
    }
}
