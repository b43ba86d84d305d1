//! Routes and services that leave themselves unmeasured.

use std::convert::Infallible;

use axum::{Router, extract::Request as AxumRequest, middleware::Next, routing::get};
use http::{Method, Request, Response};
use monitor_layer::{ExchangeLayer, TraceContext, UnmeasuredLayer, testing::TestMonitor};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::support::{Recorder, send};

fn routes() -> Router {
    let probes = Router::new()
        .route("/probes/fine", get(async || "fine"))
        .route("/probes/slow", get(slow))
        .route("/probes/panic", get(panic))
        .route(
            "/probes/broken",
            get(async || http::StatusCode::BAD_GATEWAY),
        )
        .route("/probes/trace", get(trace))
        .route("/probes/never", get(std::future::pending::<()>))
        .route_layer(UnmeasuredLayer::new());
    Router::new()
        .route("/jobs/{id}", get(async || "a job"))
        .merge(probes)
}

async fn slow() -> &'static str {
    tokio::task::yield_now().await;
    "slow"
}

async fn panic() {
    panic!("out of frames");
}

async fn trace() -> String {
    tracing::info!("Probed");
    TraceContext::current().unwrap().trace_id().to_string()
}

fn messages(monitor: &TestMonitor) -> Vec<String> {
    let lines = monitor.lines().into_iter();
    lines
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect()
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
    assert_eq!(messages(monitor), Vec::<String>::new());
    assert_eq!(monitor.errors().len(), 0);
}

#[tokio::test]
async fn an_unmeasured_route_is_neither_measured_nor_logged_nor_captured() {
    let monitor = TestMonitor::new("api");
    let app = routes().layer(monitor.layer());
    for (path, status) in [
        ("/probes/fine", 200),
        ("/probes/slow", 200),
        ("/probes/broken", 502),
        ("/probes/panic", 500),
    ] {
        let answer = send(&app, Method::GET, path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.headers["x-trace-id"].len(), 32);
    }
    assert_nothing_is_known(&monitor);
    send(&app, Method::GET, "/jobs/7").await;
    assert_eq!(monitor.metric("http_requests_started_total", []), 1.0);
    assert_eq!(messages(&monitor), ["Request started", "Request completed"]);
}

#[tokio::test]
async fn a_layer_around_the_whole_router_leaves_it_unmeasured_too() {
    let monitor = TestMonitor::new("api");
    let app = monitor.layer().layer(routes());
    for path in ["/probes/fine", "/probes/slow"] {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 200);
    }
    assert_nothing_is_known(&monitor);
}

#[tokio::test]
async fn an_unmeasured_route_keeps_its_trace_and_its_own_lines() {
    TestMonitor::capture_events();
    let monitor = TestMonitor::new("api");
    let app = routes().layer(monitor.layer());
    let answer = send(&app, Method::GET, "/probes/trace").await;
    assert_eq!(answer.headers["x-trace-id"], answer.text);
    assert_eq!(messages(&monitor), ["Probed"]);
    assert_eq!(monitor.lines()[0]["traceId"], answer.text);
}

#[tokio::test]
async fn an_unmeasured_exchange_that_its_client_leaves_stays_unknown() {
    let monitor = TestMonitor::new("api");
    let app = routes().layer(monitor.layer());
    let mut waiting = Box::pin(send(&app, Method::GET, "/probes/never"));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert_nothing_is_known(&monitor);
    drop(waiting);
    assert_nothing_is_known(&monitor);
}

#[tokio::test]
async fn what_waits_before_it_is_known_is_measured_to_its_end() {
    async fn wait(request: AxumRequest, next: Next) -> axum::response::Response {
        tokio::task::yield_now().await;
        next.run(request).await
    }

    let monitor = TestMonitor::new("api");
    let app = routes()
        .layer(axum::middleware::from_fn(wait))
        .layer(monitor.layer());
    send(&app, Method::GET, "/probes/fine").await;
    assert_eq!(monitor.metric("http_requests_started_total", []), 1.0);
    assert_eq!(
        monitor.metric("http_request_outcomes_total", [("outcome", "completed")]),
        1.0
    );
    assert_eq!(messages(&monitor), ["Request started", "Request completed"]);
}

#[tokio::test]
async fn an_observer_hears_no_more_of_an_exchange_that_is_unmeasured() {
    let recorder = Recorder::default();
    let layer = ExchangeLayer::new(recorder.clone());
    let fine = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
    let service = layer.layer(UnmeasuredLayer::new().layer(fine));
    drop(service.oneshot(Request::new(())).await.unwrap());
    assert_eq!((recorder.started(), recorder.admitted()), (1, 0));
    assert_eq!(recorder.ended(), vec![]);
    // The thread is left as it was found.
    drop(layer.layer(fine).oneshot(Request::new(())).await.unwrap());
    assert_eq!((recorder.admitted(), recorder.ended().len()), (1, 1));
}

#[tokio::test]
async fn all_layers_outside_leave_it_unmeasured() {
    let (outer, inner) = (TestMonitor::new("outer"), TestMonitor::new("inner"));
    let app = routes().layer(inner.layer()).layer(outer.layer());
    send(&app, Method::GET, "/probes/slow").await;
    for monitor in [&outer, &inner] {
        assert_nothing_is_known(monitor);
    }
    send(&app, Method::GET, "/jobs/7").await;
    for monitor in [&outer, &inner] {
        assert_eq!(monitor.metric("http_requests_started_total", []), 1.0);
    }
}

#[tokio::test]
async fn an_exchange_is_admitted_once_its_handler_was_polled() {
    let recorder = Recorder::default();
    let mut service = ExchangeLayer::new(recorder.clone()).layer(service_fn(|_: Request<()>| {
        std::future::pending::<Result<Response<String>, Infallible>>()
    }));
    let mut call = Box::pin(service.ready().await.unwrap().call(Request::new(())));
    assert_eq!((recorder.started(), recorder.admitted()), (1, 0));
    for _ in 0..2 {
        assert!(futures_util::poll!(&mut call).is_pending());
        assert_eq!((recorder.admitted(), recorder.ended()), (1, vec![]));
    }
    drop(call);
    assert_eq!((recorder.admitted(), recorder.ended().len()), (1, 1));
}

#[tokio::test]
async fn what_a_step_writes_first_comes_after_the_opening_line_and_under_its_own_span() {
    let monitor = TestMonitor::new("api");
    let app = Router::new()
        .route("/render", get(async || render().await))
        .layer(monitor.layer());
    send(&app, Method::GET, "/render").await;
    assert_eq!(
        messages(&monitor),
        [
            "Request started",
            "Step started",
            "Step completed",
            "Request completed"
        ]
    );
    let lines = monitor.lines();
    assert_eq!(lines[0]["spanId"], lines[3]["spanId"]);
    assert_eq!(lines[1]["metadata"]["parentSpanId"], lines[0]["spanId"]);
}

#[monitor_layer::instrument_step]
async fn render() {}
