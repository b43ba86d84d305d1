//! Which route a request is counted under, wherever the layer and the routes stand.

use axum::{Router, body::Body, routing::get};
use http::{Method, Request};
use monitor_layer::{Route, RouteLayer, testing::TestMonitor};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::send;

fn jobs() -> Router {
    Router::new().route("/jobs/{id}", get(async || "a job"))
}

fn counted(monitor: &TestMonitor, method: &str, route: &str, status: &str) -> f64 {
    monitor.metric(
        "http_requests_total",
        [("method", method), ("route", route), ("status", status)],
    )
}

#[tokio::test]
async fn a_matched_route_is_counted_under_its_template() {
    let monitor = TestMonitor::new("api");
    let app = jobs().layer(monitor.layer());
    send(&app, Method::GET, "/jobs/7?token=x").await;
    assert_eq!(counted(&monitor, "GET", "/jobs/{id}", "200"), 1.0);
}

#[tokio::test]
async fn a_nested_router_is_counted_under_its_whole_template() {
    let monitor = TestMonitor::new("api");
    let app = Router::new()
        .nest("/v1/{tenant}", jobs())
        .layer(monitor.layer());
    send(&app, Method::GET, "/v1/acme/jobs/7").await;
    assert_eq!(
        counted(&monitor, "GET", "/v1/{tenant}/jobs/{id}", "200"),
        1.0
    );
}

#[tokio::test]
async fn a_404_is_counted_as_unmatched() {
    let monitor = TestMonitor::new("api");
    let app = jobs().layer(monitor.layer());
    send(&app, Method::GET, "/nothing/here").await;
    assert_eq!(counted(&monitor, "GET", "unmatched", "404"), 1.0);
}

#[tokio::test]
async fn a_404_of_the_user_s_fallback_is_counted_as_unmatched() {
    let monitor = TestMonitor::new("api");
    let app = jobs()
        .fallback(async || (http::StatusCode::NOT_FOUND, "ours"))
        .layer(monitor.layer());
    let response = send(&app, Method::GET, "/nothing/here").await;
    assert_eq!(response.text, "ours");
    assert_eq!(counted(&monitor, "GET", "unmatched", "404"), 1.0);
}

#[tokio::test]
async fn a_405_is_counted_under_the_route_that_refused_the_method() {
    let monitor = TestMonitor::new("api");
    let app = jobs().layer(monitor.layer());
    send(&app, Method::DELETE, "/jobs/7").await;
    assert_eq!(counted(&monitor, "DELETE", "/jobs/{id}", "405"), 1.0);
}

#[tokio::test]
async fn a_405_of_the_user_s_fallback_is_counted_under_its_route() {
    let monitor = TestMonitor::new("api");
    let app = jobs()
        .method_not_allowed_fallback(async || (http::StatusCode::METHOD_NOT_ALLOWED, "ours"))
        .layer(monitor.layer());
    let response = send(&app, Method::DELETE, "/jobs/7").await;
    assert_eq!(response.text, "ours");
    assert_eq!(counted(&monitor, "DELETE", "/jobs/{id}", "405"), 1.0);
}

#[tokio::test]
async fn a_layer_around_the_whole_router_learns_the_route_from_a_route_layer() {
    let monitor = TestMonitor::new("api");
    let app = monitor.layer().layer(jobs().route_layer(RouteLayer::new()));
    app.oneshot(Request::get("/jobs/7").body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(counted(&monitor, "GET", "/jobs/{id}", "200"), 1.0);
}

#[tokio::test]
async fn a_nested_service_learns_the_route_from_a_route_layer() {
    let monitor = TestMonitor::new("api");
    let app = Router::new()
        .nest_service("/v1", jobs().route_layer(RouteLayer::new()))
        .layer(monitor.layer());
    send(&app, Method::GET, "/v1/jobs/7").await;
    let templates: Vec<_> = monitor
        .lines()
        .iter()
        .filter_map(|line| line["metadata"]["route"].as_str().map(str::to_owned))
        .collect();
    assert!(
        templates
            .iter()
            .any(|template| template.ends_with("/jobs/{id}")),
        "{templates:?}"
    );
}

#[tokio::test]
async fn a_layer_around_the_router_without_names_counts_unmatched_and_says_once_what_to_add() {
    let monitor = TestMonitor::new("api");
    let app = monitor.layer().layer(jobs());
    for _ in 0..3 {
        app.clone()
            .oneshot(Request::get("/jobs/7").body(Body::empty()).unwrap())
            .await
            .unwrap();
    }
    assert_eq!(counted(&monitor, "GET", "unmatched", "200"), 3.0);
    let hints = monitor
        .raw_lines()
        .iter()
        .filter(|line| line.contains("RouteLayer"))
        .count();
    assert_eq!(hints, 1);
}

#[tokio::test]
async fn a_service_without_a_router_names_its_routes_on_the_response() {
    let monitor = TestMonitor::new("rpc");
    let service = monitor.layer().layer(service_fn(async |_: Request<Body>| {
        let mut response = http::Response::new(Body::empty());
        response
            .extensions_mut()
            .insert(Route::new("/shop.Orders/Place"));
        Ok::<_, std::convert::Infallible>(response)
    }));
    service
        .oneshot(
            Request::post("/shop.Orders/Place")
                .body(Body::empty())
                .unwrap(),
        )
        .await
        .unwrap();
    assert_eq!(counted(&monitor, "POST", "/shop.Orders/Place", "200"), 1.0);
}

#[tokio::test]
async fn an_unknown_method_is_counted_as_other() {
    let monitor = TestMonitor::new("api");
    let app = jobs().layer(monitor.layer());
    send(&app, Method::from_bytes(b"BREW").unwrap(), "/jobs/7").await;
    assert_eq!(counted(&monitor, "_OTHER", "/jobs/{id}", "405"), 1.0);
}

#[tokio::test]
async fn a_second_layer_of_the_same_monitor_counts_nothing_again() {
    let monitor = TestMonitor::new("api");
    let app = Router::new()
        .nest_service("/v1", jobs().layer(monitor.layer()))
        .layer(monitor.layer());
    send(&app, Method::GET, "/v1/jobs/7").await;
    assert_eq!(monitor.metric("http_requests_started_total", []), 1.0);
    assert_eq!(monitor.metric("http_requests_total", []), 1.0);
    assert_eq!(monitor.lines().len(), 2);
}

#[tokio::test]
async fn two_monitors_around_one_service_count_each_for_itself() {
    let (inner, outer) = (TestMonitor::new("inner"), TestMonitor::new("outer"));
    let app = jobs().layer(inner.layer()).layer(outer.layer());
    send(&app, Method::GET, "/jobs/7").await;
    for monitor in [inner, outer] {
        assert_eq!(monitor.metric("http_requests_total", []), 1.0);
    }
}

#[tokio::test]
async fn the_error_answers_of_a_route_are_there_at_0_before_the_first() {
    let monitor = TestMonitor::new("api");
    let app = jobs().layer(monitor.layer());
    send(&app, Method::GET, "/jobs/7").await;
    for status in ["500", "502", "503", "504"] {
        let labels = [
            ("method", "GET"),
            ("route", "/jobs/{id}"),
            ("status", status),
        ];
        assert!(
            monitor.has_metric("http_requests_total", labels),
            "{status}"
        );
        assert_eq!(monitor.metric("http_requests_total", labels), 0.0);
    }
}

#[tokio::test]
async fn the_error_answers_of_a_route_are_at_0_while_its_first_request_runs() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route("/slow", get(std::future::pending::<()>))
        .layer(monitor.layer());
    let mut waiting = Box::pin(send(&app, Method::GET, "/slow"));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert!(monitor.has_metric(
        "http_requests_total",
        [("route", "/slow"), ("status", "504")]
    ));
    assert_eq!(monitor.metric("http_requests_total", []), 0.0);
}
