//! From the request to stop to the last connection, where all goes well.

use std::time::Duration;

use serde_json::json;

use super::served::{LONG, Served};

#[tokio::test]
async fn readiness_turns_at_once_and_liveness_stays_while_connections_are_still_accepted() {
    let served = Served::start().await;
    assert!(served.ask("/ready").await.starts_with("HTTP/1.1 200"));
    served.monitor.request_shutdown();
    assert!(served.ask("/ready").await.starts_with("HTTP/1.1 503"));
    assert!(served.ask("/health").await.starts_with("HTTP/1.1 200"));
    assert!(served.ask("/").await.ends_with("here"));
    assert!(!served.is_closed().await);
}

#[tokio::test]
async fn a_port_of_its_own_for_the_endpoints_answers_to_the_end() {
    let mut served = Served::start_with(|serve| serve.grace(Duration::ZERO).deadline(LONG)).await;
    let endpoints = served.monitor.serve_endpoints("127.0.0.1:0").await.unwrap();
    let probe = async |path: &str| {
        let mut client = crate::support::Client::connect(endpoints.address()).await;
        client.send(&format!("GET {path}")).await;
        client.read_until("\r\n").await
    };
    let mut client = served.under_way("/gated").await;
    served.monitor.request_shutdown();
    served.closed().await;
    assert!(probe("/ready").await.starts_with("HTTP/1.1 503"));
    assert!(probe("/health").await.starts_with("HTTP/1.1 200"));
    served.open_gate();
    client.read_until("through").await;
    served.ended().await;
    assert!(probe("/health").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn within_the_grace_time_each_connection_is_closed_after_its_answer() {
    let served = Served::start().await;
    let mut before = served.client().await;
    before.send("GET /").await;
    let answer = before.read_until("here").await;
    assert!(!answer.contains("connection: close"), "{answer}");
    served.monitor.request_shutdown();
    served.told_of("Shutdown requested").await;
    let mut after = served.client().await;
    for client in [&mut before, &mut after] {
        client.send("GET /").await;
        let answer = client.read_to_close().await;
        assert!(answer.contains("connection: close"), "{answer}");
        assert!(answer.ends_with("here"), "{answer}");
    }
}

#[tokio::test]
async fn after_the_grace_time_connections_are_refused_and_idle_ones_closed() {
    let grace = Duration::from_millis(20);
    let mut served = Served::start_with(|serve| serve.grace(grace).deadline(LONG)).await;
    let mut idle = served.client().await;
    idle.send("GET /").await;
    idle.read_until("here").await;
    // One that has never said anything, and would keep the server for long.
    let mut silent = served.client().await;
    served
        .eventually("two connections", || served.open_connections() == 2.0)
        .await;
    served.monitor.request_shutdown();
    assert_eq!(idle.read_to_close().await, "");
    assert_eq!(silent.read_to_close().await, "");
    served.ended().await;
    assert!(served.is_closed().await);
    assert_eq!(served.open_connections(), 0.0);
}

#[tokio::test]
async fn who_has_just_connected_as_the_listener_closes_is_answered() {
    let mut served = Served::start_with(|serve| serve.grace(Duration::ZERO).deadline(LONG)).await;
    let mut client = served.client().await;
    served.monitor.request_shutdown();
    served.closed().await;
    client.send("GET /").await;
    assert!(client.read_to_close().await.ends_with("here"));
    served.ended().await;
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let mut served = Served::start_with(|serve| serve.grace(Duration::ZERO).deadline(LONG)).await;
    let mut client = served.under_way("/gated").await;
    served.monitor.request_shutdown();
    served.closed().await;
    assert_eq!(served.active(), 1.0);
    served.open_gate();
    let answer = client.read_to_close().await;
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(answer.ends_with("through"), "{answer}");
    served.ended().await;
    assert_eq!(served.outcomes("completed"), 1.0);
    let lines = served.monitor.lines();
    let told: Vec<_> = lines.iter().map(|line| line["message"].clone()).collect();
    let expected = json!([
        "Request started",
        "Shutdown requested",
        "Request completed",
        "Shutdown completed"
    ]);
    assert_eq!(json!(told), expected);
    let mut requested = served.told("Shutdown requested")[0]["metadata"].take();
    requested["graceMs"].take();
    let expected = json!({
        "graceMs": null, "deadlineMs": 600_000, "requests": 1, "jobs": 0, "connections": 1
    });
    assert_eq!(requested, expected);
    let mut completed = served.told("Shutdown completed")[0]["metadata"].take();
    completed["durationMs"].take();
    let expected = json!({"durationMs": null, "abandonedRequests": 0, "abandonedJobs": 0});
    assert_eq!(completed, expected);
}

#[tokio::test]
async fn asked_again_the_grace_time_is_over_and_asked_a_third_time_the_deadline_has_come() {
    let mut served = Served::start().await;
    let mut client = served.under_way("/gated").await;
    served.monitor.request_shutdown();
    served.told_of("Shutdown requested").await;
    assert!(!served.is_closed().await);
    served.monitor.request_shutdown();
    served.closed().await;
    assert_eq!(served.active(), 1.0);
    served.monitor.request_shutdown();
    assert_eq!(client.read_to_close().await, "");
    served.ended().await;
    assert_eq!(served.outcomes("cancelled"), 1.0);
}

#[tokio::test]
async fn a_serve_that_is_dropped_takes_its_connections_along() {
    let served = Served::start().await;
    let mut client = served.under_way("/gated").await;
    let (monitor, address) = (served.monitor.clone(), served.address);
    drop(served);
    assert_eq!(client.read_to_close().await, "");
    crate::support::eventually("the connection to be gone", || {
        (monitor.metric("http_open_connections", []) == 0.0).then_some(())
    })
    .await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
