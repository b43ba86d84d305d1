//! From the request to stop to the last flush.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use futures_util::poll;
use monitor_layer::{Monitor, testing::TestMonitor};

/// Counts its flushes.
#[derive(Clone, Default)]
struct Flushed(Arc<AtomicUsize>);

impl Flushed {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl io::Write for Flushed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn monitor() -> (Monitor, Flushed) {
    let flushed = Flushed::default();
    let builder = Monitor::builder("api").log_to(flushed.clone());
    (builder.build().unwrap(), flushed)
}

#[tokio::test]
async fn shutdown_flushes() {
    let (monitor, flushed) = monitor();
    monitor.shutdown(Duration::from_secs(1)).await;
    assert_eq!(flushed.times(), 1);
}

#[test]
fn the_last_clone_s_or_layer_s_end_flushes() {
    let (monitor, flushed) = monitor();
    let (clone, worker) = (monitor.clone(), monitor.worker("worker"));
    let app: Router = Router::new().layer(monitor.layer());
    drop((monitor, clone, worker));
    assert_eq!(flushed.times(), 0);
    drop(app);
    assert_eq!(flushed.times(), 1);
}

#[tokio::test]
async fn whoever_waits_for_the_stop_is_told_of_it_also_late() {
    let monitor = TestMonitor::new("api");
    let mut early = Box::pin(monitor.shutdown_requested());
    assert!(poll!(&mut early).is_pending());
    monitor.request_shutdown();
    early.await;
    monitor.shutdown_requested().await;
}

#[tokio::test]
async fn a_job_that_outlasts_the_deadline_sends_what_it_tells_of_its_end() {
    let (monitor, flushed) = monitor();
    let job = monitor.job("job-7").start();
    monitor.job("job-8").start().completed();
    monitor.drain(Duration::ZERO).await;
    drop(monitor);
    let before = flushed.times();
    drop(job);
    assert_eq!((before, flushed.times()), (1, 2));
}
