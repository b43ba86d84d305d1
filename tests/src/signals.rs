//! What a process makes of the signals that it is stopped by.
//!
//! A process of its own: signals are sent to all of it.
#![cfg(unix)]

use std::{process::Command, time::Duration};

use monitor_layer::testing::TestMonitor;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::timeout,
};

#[tokio::test]
async fn a_signal_that_comes_while_nobody_waits_for_one_is_seen_by_whoever_waits_next() {
    let monitor = TestMonitor::new("worker");
    // As a worker's loop does that got a job first.
    let waiting = timeout(Duration::ZERO, monitor.shutdown_requested()).await;
    assert!(waiting.is_err());
    let mut delivered = signal(SignalKind::terminate()).unwrap();
    let id = std::process::id().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
    assert!(sent.unwrap().success());
    let limit = Duration::from_secs(10);
    timeout(limit, delivered.recv()).await.unwrap();
    timeout(limit, monitor.shutdown_requested()).await.unwrap();
}
