//! What operators ask, and that asking is not measured.

use axum::{Router, routing::get};
use http::Method;
use monitor_layer::testing::TestMonitor;
use serde_json::Value;

use crate::support::{Client, eventually, send};

#[tokio::test]
async fn the_monitor_s_own_endpoints_are_neither_measured_nor_logged_wherever_the_layer_stands() {
    let monitor = TestMonitor::new("api");
    let nested = Router::new()
        .nest("/internal", monitor.routes())
        .layer(monitor.layer());
    let merged = Router::new().merge(monitor.routes()).layer(monitor.layer());
    let around = tower::ServiceBuilder::new()
        .layer(monitor.layer())
        .service(Router::new().merge(monitor.routes()));
    for path in ["/metrics", "/health", "/ready"] {
        assert_eq!(send(&merged, Method::GET, path).await.status, 200);
        assert_eq!(
            send(&nested, Method::GET, &format!("/internal{path}"))
                .await
                .status,
            200
        );
        let request = http::Request::get(path)
            .body(axum::body::Body::empty())
            .unwrap();
        let answer = tower::ServiceExt::oneshot(around.clone(), request)
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-trace-id"].len(), 32);
    }
    assert_eq!(monitor.metric("http_requests_started_total", []), 0.0);
    assert_eq!(monitor.metric("http_requests_total", []), 0.0);
    assert_eq!(monitor.lines(), Vec::<Value>::new());
}

#[tokio::test]
async fn the_user_s_own_health_is_measured() {
    let monitor = TestMonitor::new("api");
    let app = Router::new()
        .route("/health", get(async || "mine"))
        .nest("/internal", monitor.routes())
        .layer(monitor.layer());
    assert_eq!(send(&app, Method::GET, "/health").await.text, "mine");
    assert_eq!(
        monitor.metric("http_requests_total", [("route", "/health")]),
        1.0
    );
    assert_eq!(monitor.lines().len(), 2);
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let monitor = TestMonitor::new("api");
    let app = Router::new()
        .route("/jobs/{id}", get(async || "a job"))
        .merge(monitor.routes())
        .layer(monitor.layer());
    send(&app, Method::GET, "/jobs/7").await;
    let answer = send(&app, Method::GET, "/metrics").await;
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let line = "http_requests_total{method=\"GET\",route=\"/jobs/{id}\",status=\"200\"} 1";
    assert!(
        answer.text.lines().any(|found| found == line),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_route_of_the_user_s_whose_path_resembles_an_endpoint_s_is_active_while_it_runs() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route("/users/{id}/health", get(std::future::pending::<()>))
        .merge(monitor.routes())
        .layer(monitor.layer());
    let mut waiting = Box::pin(send(&app, Method::GET, "/users/7/health"));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert_eq!(monitor.metric("http_active_connections", []), 1.0);
    assert_eq!(
        monitor.lines()[0]["metadata"]["route"],
        "/users/{id}/health"
    );
    drop(waiting);
    assert_eq!(monitor.metric("http_active_connections", []), 0.0);
    assert_eq!(
        monitor.metric("http_request_outcomes_total", [("outcome", "cancelled")]),
        1.0
    );
}

#[tokio::test]
async fn the_endpoints_answer_get_and_head_and_nothing_else() {
    let monitor = TestMonitor::new("api");
    let app = monitor.routes::<()>().with_state(());
    let head = send(&app, Method::HEAD, "/metrics").await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_ne!(head.headers["content-length"], "0");
    assert_eq!(head.headers["cache-control"], "no-store");
    let refused = send(&app, Method::POST, "/ready").await;
    assert_eq!(refused.status, 405);
    assert_eq!(refused.headers["allow"], "GET, HEAD");
}

#[tokio::test]
async fn the_endpoints_have_a_port_of_their_own_until_it_is_dropped() {
    let monitor = TestMonitor::new("worker");
    monitor.queue().depth(3);
    let serving = monitor.serve_endpoints("127.0.0.1:0").await.unwrap();
    let address = serving.address();
    let mut client = Client::connect(address).await;
    client.send("GET /health").await;
    client
        .read_until(r#""queue":{"waiting":3,"active":0,"failed":0},"uptime":0}"#)
        .await;
    let mut lost = Client::connect(address).await;
    lost.send("GET /elsewhere").await;
    lost.read_until("404 Not Found").await;

    let taken = monitor.serve_endpoints(address).await.unwrap_err();
    assert!(
        taken.to_string().contains("cannot be listened at"),
        "{taken}"
    );
    drop(serving);
    eventually("the port to close", || {
        std::net::TcpStream::connect(address).err()
    })
    .await;
}
