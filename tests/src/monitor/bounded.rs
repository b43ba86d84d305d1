//! What clients choose makes no series and keeps no memory.

use axum::{Router, body::Body, routing::get};
use http::Request;
use monitor_layer::{AccessLog, testing::TestMonitor};

use crate::support::send_request;

#[tokio::test]
async fn a_hundred_thousand_distinct_requests_make_few_series() {
    let monitor = TestMonitor::build("api", |builder| builder.access_log(AccessLog::Off)).unwrap();
    let app = Router::new()
        .route("/jobs/{id}", get(async || "a job"))
        .layer(monitor.layer())
        .with_state(());
    for number in 0..100_000_u32 {
        let request = Request::builder()
            .method(format!("M{number}").as_str())
            .uri(match number % 2 {
                0 => format!("/jobs/{number}"),
                _ => format!("/elsewhere/{number}"),
            })
            .header("host", format!("host-{number}.example"))
            .header("x-trace-id", format!("{number:032x}"))
            .header(
                "traceparent",
                format!("00-{:032x}-{:016x}-01", number + 1, number + 1),
            )
            .header("tracestate", format!("vendor{number}=value{number}"))
            .body(Body::empty())
            .unwrap();
        send_request(&app, request).await;
    }
    assert_eq!(monitor.metric("http_requests_total", []), 100_000.0);
    let series = monitor.series();
    assert!(series < 1_000, "{series} series");
    assert_eq!(monitor.lines().len(), 0);
}
