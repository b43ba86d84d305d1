//! What operators ask, and that asking is not measured.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, routing::get};
use http::Method;
use monitor_layer::testing::TestMonitor;
use serde_json::Value;

use crate::support::{Client, eventually, send};

async fn fine() -> Result<(), std::io::Error> {
    Ok(())
}

async fn gone() -> Result<(), std::io::Error> {
    Err(std::io::Error::other("password=hunter2 refused"))
}

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
async fn health_answers_without_running_a_check() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.check("database", || async { gone().await })
    })
    .unwrap();
    let answer = send(
        &monitor.routes::<()>().with_state(()),
        Method::GET,
        "/health",
    )
    .await;
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(body["status"], "ok");
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    assert!(!monitor.has_metric("health_check_status", []));
}

#[tokio::test]
async fn ready_tells_each_check_and_no_error_text() {
    let monitor = TestMonitor::build("api", |builder| {
        builder
            .check("database", || async { gone().await })
            .check("disk", || async { fine().await })
    })
    .unwrap();
    let answer = send(
        &monitor.routes::<()>().with_state(()),
        Method::GET,
        "/ready",
    )
    .await;
    assert_eq!(answer.status, 503);
    assert!(!answer.text.contains("hunter2"));
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(body["ready"], false);
    assert_eq!(body["checks"]["database"]["healthy"], false);
    assert_eq!(body["checks"]["disk"]["healthy"], true);
    assert!(body["checks"]["disk"]["latency"].is_number());
    assert_eq!(
        monitor.metric("health_check_status", [("check", "disk")]),
        1.0
    );
    assert_eq!(
        monitor.metric("health_check_status", [("check", "database")]),
        0.0
    );
    assert!(monitor.has_metric("health_check_status", [("check", "database")]));
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

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_or_panics_is_unhealthy_and_holds_up_nobody() {
    let monitor = TestMonitor::build("api", |builder| {
        builder
            .check("hangs", std::future::pending::<Result<(), std::io::Error>>)
            .check("panics", || async {
                tokio::task::yield_now().await;
                assert!(String::new().contains('x'), "the check is broken");
                fine().await
            })
            .check("fine", fine)
    })
    .unwrap();
    let start = tokio::time::Instant::now();
    let answer = send(
        &monitor.routes::<()>().with_state(()),
        Method::GET,
        "/ready",
    )
    .await;
    assert_eq!(start.elapsed().as_secs(), 1);
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    let healthy = ["hangs", "panics", "fine"].map(|check| body["checks"][check]["healthy"].clone());
    assert_eq!(healthy, [false, false, true]);
    let problems: Vec<_> = monitor
        .lines()
        .iter()
        .map(|line| line["metadata"]["problem"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        problems,
        ["it panicked: the check is broken", "no answer within 1 s"]
    );
}

#[tokio::test]
async fn who_asks_while_the_checks_run_gets_their_answer_and_runs_none() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let monitor = TestMonitor::build("api", |builder| {
        builder.check("counted", move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::task::yield_now().await;
                fine().await
            }
        })
    })
    .unwrap();
    let app = monitor.routes::<()>().with_state(());
    let answers =
        futures_util::future::join_all((0..20).map(|_| send(&app, Method::GET, "/ready"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    send(&app, Method::GET, "/ready").await;
    assert_eq!(asked.load(Ordering::Relaxed), 2);
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

#[test]
fn checks_without_a_name_or_with_the_same_one_are_refused() {
    let refused = |names: [&'static str; 2]| {
        let built = TestMonitor::build("api", |builder| {
            names
                .into_iter()
                .fold(builder, |builder, name| builder.check(name, fine))
        });
        built.unwrap_err().to_string()
    };
    assert_eq!(
        refused(["database", "database"]),
        "the check \"database\" is the name of two checks; expected each check to have its own"
    );
    assert!(refused(["data base", "disk"]).starts_with("the check \"data base\" is no name"));
}
