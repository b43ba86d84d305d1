//! Many threads on the same series: nothing is lost and nothing is counted twice.

use std::{sync::Barrier, thread};

use axum::Router;
use futures_util::FutureExt as _;
use http::Method;
use monitor_layer::{AccessLog, instrument_step, testing::TestMonitor};

use super::statuses;
use crate::support::send;

#[instrument_step]
fn count() {}

fn monitor(shards: usize) -> TestMonitor {
    TestMonitor::build("api", |builder| {
        builder
            .metric_shards(shards)
            .access_log(AccessLog::Off)
            .log_level("error")
    })
    .unwrap()
}

fn app(monitor: &TestMonitor) -> Router {
    statuses().layer(monitor.layer()).with_state(())
}

fn ask(app: &Router) {
    // Nothing in it waits.
    let answered = send(app, Method::GET, "/answer/200").now_or_never();
    assert_eq!(answered.unwrap().status, 200);
}

fn assert_counted(monitor: &TestMonitor, expected: usize) {
    let labels = [("status", "200")];
    let step = [("step", "count"), ("status", "success")];
    let counts = [
        monitor.metric("http_requests_total", labels),
        monitor.metric("http_request_duration_seconds_count", labels),
        monitor.metric("http_requests_started_total", []),
        monitor.metric("http_request_outcomes_total", [("outcome", "completed")]),
        monitor.metric("pipeline_step_duration_seconds_count", step),
    ];
    assert_eq!(counts, [expected as f64; 5]);
    assert_eq!(monitor.metric("http_active_connections", []), 0.0);
    assert_eq!(monitor.metric("pipeline_steps_active", []), 0.0);
}

#[test]
fn many_threads_at_once_count_exactly_with_any_number_of_shards() {
    const THREADS: usize = 12;
    const TIMES: usize = 50;

    for shards in [0, 1, 2, 8, 64] {
        let monitor = monitor(shards);
        let app = app(&monitor);
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..TIMES {
                        ask(&app);
                        monitor.scope(async { count() }).now_or_never().unwrap();
                    }
                });
            }
        });
        assert_counted(&monitor, THREADS * TIMES);
    }
}

#[test]
fn a_thread_that_ends_loses_nothing() {
    const THREADS: usize = 400;

    let monitor = monitor(8);
    let app = app(&monitor);
    for _ in 0..THREADS / 4 {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    ask(&app);
                    monitor.scope(async { count() }).now_or_never().unwrap();
                });
            }
        });
    }
    assert_counted(&monitor, THREADS);
}

#[test]
fn what_one_thread_starts_another_may_end() {
    let monitor = monitor(8);
    let app = app(&monitor);
    let (waiting, ended) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let app = &app;
        scope.spawn(move || {
            for _ in 0..100 {
                waiting
                    .send(Box::pin(send(app, Method::GET, "/answer/200")))
                    .unwrap();
            }
        });
        scope.spawn(move || {
            for request in ended {
                assert_eq!(request.now_or_never().unwrap().status, 200);
            }
        });
    });
    assert_eq!(monitor.metric("http_requests_total", []), 100.0);
    assert_eq!(monitor.metric("http_active_connections", []), 0.0);
}
