//! What becomes of events where the server is not as it should be.

use std::{
    io,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::post};
use monitor_layer::{capture_error, testing::TestMonitor};

use crate::support::{Server, eventually};

fn monitor(address: impl std::fmt::Display) -> TestMonitor {
    let dsn = format!("http://key@{address}/42");
    let configure = |builder: monitor_layer::MonitorBuilder| {
        builder.sentry_dsn(dsn).sentry_traces_sample_rate(0.0)
    };
    TestMonitor::build("api", configure).unwrap()
}

fn lost(monitor: &TestMonitor) -> f64 {
    monitor.metric("telemetry_dropped_total", [("signal", "errors")])
}

/// So many events, of which none is like another.
async fn fail(monitor: &TestMonitor, count: u64) {
    monitor
        .scope(async {
            for number in 0..count {
                let digits = number.to_string();
                let letters: String = digits.bytes().map(|it| char::from(it + 50)).collect();
                let error = io::Error::other(letters);
                capture_error(&error);
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_nobody_takes_are_counted_as_lost() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let monitor = monitor(address);
    fail(&monitor, 3).await;
    monitor.shutdown(Duration::from_secs(20)).await;
    assert_eq!(lost(&monitor), 3.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_loses_them_and_one_that_asks_for_a_pause_has_it() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let app: Router = Router::new().route(
        "/api/{project}/envelope/",
        post(
            async move || match counted.fetch_add(1, Ordering::Relaxed) {
                0 => (StatusCode::BAD_REQUEST, [("retry-after", "1")]),
                _ => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "3600")]),
            },
        ),
    );
    let server = Server::start(app).await;
    let monitor = monitor(server.address);
    fail(&monitor, 10).await;
    monitor.shutdown(Duration::from_secs(20)).await;
    assert_eq!((lost(&monitor), asked.load(Ordering::Relaxed)), (10.0, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_silent_holds_nothing_up_and_what_does_not_fit_is_lost() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let monitor = monitor(silent.local_addr().unwrap());
    fail(&monitor, 500).await;
    // One is under way at most, and 128 wait.
    eventually("those without a place to be counted", || {
        (lost(&monitor) >= 371.0).then_some(())
    })
    .await;
    assert!(lost(&monitor) <= 372.0);
    monitor.shutdown(Duration::from_millis(10)).await;
}
