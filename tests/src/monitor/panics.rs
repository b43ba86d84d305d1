//! A handler's panic: an answer, one event, one line.

use axum::{Router, body::Body, routing::get};
use futures_util::FutureExt as _;
use http::{Method, Request};
use monitor_layer::{Category, testing::TestMonitor};
use tower::ServiceExt as _;

use crate::support::send;

fn app() -> Router {
    Router::new().route("/panic", get(panic))
}

async fn panic() {
    tokio::task::yield_now().await;
    panic!("the renderer is gone");
}

#[tokio::test]
async fn a_panic_becomes_an_empty_500_with_its_trace_id() {
    let monitor = TestMonitor::new("api");
    let answer = send(&app().layer(monitor.layer()), Method::GET, "/panic").await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (500, ""));

    let id = answer.headers["x-trace-id"].to_str().unwrap();
    let lines = monitor.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["level"], "error");
    assert_eq!(lines[1]["traceId"], id);
    assert_eq!(lines[1]["metadata"]["outcome"], "panicked");
    assert_eq!(
        monitor.metric("http_request_outcomes_total", [("outcome", "panicked")]),
        1.0
    );
    let errors = monitor.errors();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].error_type, "panic");
    assert_eq!(errors[0].message, "the renderer is gone");
    assert_eq!(errors[0].trace_id.to_string(), id);
    assert_eq!(errors[0].route.as_deref(), Some("/panic"));
    assert_eq!(errors[0].category, Category::Unknown);
    assert_eq!(
        monitor.metric("errors_total", [("category", "unknown")]),
        1.0
    );
}

#[tokio::test]
async fn a_panic_goes_on_where_that_is_asked_for() {
    let monitor = TestMonitor::new("api");
    let app = app().layer(monitor.layer().resume_panics());
    let request = Request::get("/panic").body(Body::empty()).unwrap();
    let caught = std::panic::AssertUnwindSafe(app.oneshot(request))
        .catch_unwind()
        .await;
    assert!(caught.is_err());
    assert_eq!(
        monitor.metric("http_request_outcomes_total", [("outcome", "panicked")]),
        1.0
    );
    assert_eq!(monitor.errors().len(), 1);
}

#[tokio::test]
async fn a_5xx_answer_makes_one_event_and_a_4xx_none() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route(
            "/{status}",
            get(
                async |axum::extract::Path(status): axum::extract::Path<u16>| {
                    http::StatusCode::from_u16(status).unwrap()
                },
            ),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/404").await;
    assert!(monitor.errors().is_empty());
    send(&app, Method::GET, "/504").await;
    let errors = monitor.errors();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].category, Category::Timeout);
    assert_eq!(errors[0].transaction, "GET /{status}");
}
