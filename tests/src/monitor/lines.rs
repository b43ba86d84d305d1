//! The access log, and events of the user's own inside an exchange.

use axum::{Router, routing::get};
use http::Method;
use monitor_layer::{AccessLog, testing::TestMonitor};
use serde_json::{Value, json};

use crate::support::send;

fn app(monitor: &TestMonitor) -> Router {
    Router::new()
        .route(
            "/jobs/{id}",
            get(async || {
                monitor_layer::current().user("u-1");
                tracing::info!(frames = 3, "Rendered");
                "a job"
            }),
        )
        .route("/broken", get(async || http::StatusCode::BAD_GATEWAY))
        .layer(monitor.layer())
}

/// A line with what differs from run to run replaced.
fn settled(mut line: Value) -> Value {
    for key in ["timestamp", "traceId", "spanId"] {
        assert!(line[key].is_string(), "{key} in {line}");
        line[key] = json!("…");
    }
    if !line["metadata"]["durationMs"].is_null() {
        assert!(line["metadata"]["durationMs"].is_number());
        line["metadata"]["durationMs"] = json!(0);
    }
    line
}

#[tokio::test]
async fn an_exchange_writes_two_lines_and_the_user_s_own_between() {
    TestMonitor::capture_events();
    let monitor = TestMonitor::new("api");
    send(&app(&monitor), Method::GET, "/jobs/7?token=secret").await;
    let lines: Vec<Value> = monitor.lines().into_iter().map(settled).collect();
    assert_eq!(
        lines,
        [
            json!({
                "timestamp": "…", "level": "info", "message": "Request started",
                "service": "api", "env": "test", "traceId": "…", "spanId": "…",
                "metadata": {"method": "GET", "path": "/jobs/7", "route": "/jobs/{id}"},
            }),
            json!({
                "timestamp": "…", "level": "info", "message": "Rendered",
                "service": "api", "env": "test", "traceId": "…", "spanId": "…", "userId": "u-1",
                "metadata": {"frames": 3},
            }),
            json!({
                "timestamp": "…", "level": "info", "message": "Request completed",
                "service": "api", "env": "test", "traceId": "…", "spanId": "…", "userId": "u-1",
                "metadata": {
                    "method": "GET", "path": "/jobs/7", "route": "/jobs/{id}",
                    "status": 200, "durationMs": 0, "outcome": "completed",
                },
            }),
        ]
    );
    let ids: Vec<_> = monitor
        .lines()
        .iter()
        .map(|line| (line["traceId"].clone(), line["spanId"].clone()))
        .collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn the_access_log_writes_what_it_is_asked_to() {
    for (policy, expected) in [
        (AccessLog::Both, 4),
        (AccessLog::Completed, 2),
        (AccessLog::Failed, 1),
        (AccessLog::Off, 0),
    ] {
        let monitor = TestMonitor::build("api", |builder| builder.access_log(policy)).unwrap();
        let app = app(&monitor);
        send(&app, Method::GET, "/missing").await;
        send(&app, Method::GET, "/broken").await;
        let lines = monitor.lines();
        assert_eq!(lines.len(), expected, "{lines:?}");
        assert_eq!(monitor.metric("http_requests_total", []), 2.0);
    }
}

#[tokio::test]
async fn a_level_above_info_leaves_the_failed_ones() {
    let monitor = TestMonitor::build("api", |builder| builder.log_level("warn")).unwrap();
    let app = app(&monitor);
    send(&app, Method::GET, "/jobs/7").await;
    send(&app, Method::GET, "/broken").await;
    let lines = monitor.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["level"], "error");
    assert_eq!(lines[0]["metadata"]["status"], 502);
}
