//! A server of one's own, which the monitor is told to stop by.

use std::time::Duration;

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use monitor_layer::testing::TestMonitor;

use super::served::LONG;
use crate::support::{Client, eventually, send};

#[tokio::test]
async fn axum_serve_stops_by_the_request_and_readiness_turns_at_once() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route("/", get(async || "here"))
        .merge(monitor.routes())
        .layer(monitor.layer());
    let ready = async || send(&app, Method::GET, "/ready").await.status;
    assert_eq!(ready().await, StatusCode::OK);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving =
        axum::serve(listener, app.clone()).with_graceful_shutdown(monitor.shutdown_requested());
    let serving = tokio::spawn(async move { serving.await });
    let mut client = Client::connect(address).await;
    client.send("GET /").await;
    client.read_until("here").await;
    monitor.request_shutdown();
    assert_eq!(ready().await, StatusCode::SERVICE_UNAVAILABLE);
    serving.await.unwrap().unwrap();
    monitor.drain(LONG).await;
}

#[tokio::test]
async fn draining_waits_for_what_is_in_flight() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new().merge(monitor.routes()).layer(monitor.layer());
    let job = monitor.job("job-7").start();
    let draining = tokio::spawn({
        let monitor = monitor.clone();
        async move { monitor.drain(LONG).await }
    });
    let unready = async || send(&app, Method::GET, "/ready").await.status == 503;
    while !unready().await {
        tokio::task::yield_now().await;
    }
    assert!(!draining.is_finished());
    job.completed();
    draining.await.unwrap();
    assert!(monitor.lines().iter().all(|line| line["level"] != "warn"));
}

#[tokio::test]
async fn draining_tells_of_what_it_waited_for_in_vain() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route("/stuck", get(std::future::pending::<()>))
        .layer(monitor.layer());
    let overdue = monitor.shutdown_overdue();
    let stuck = tokio::spawn(async move {
        tokio::select! {
            _ = send(&app, Method::GET, "/stuck") => {}
            () = overdue => {}
        }
    });
    eventually("the request to arrive", || {
        (monitor.metric("http_active_connections", []) == 1.0).then_some(())
    })
    .await;
    monitor.drain(Duration::ZERO).await;
    stuck.await.unwrap();
    let lines = monitor.lines();
    let told: Vec<_> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    let expected = [
        "Request started",
        "Deadline passed with work in flight",
        "Request abandoned",
        "Request completed",
    ];
    assert_eq!(told, expected);
}
