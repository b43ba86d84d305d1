//! A job that a queue gives out again, to this process or another: its end alone is observed.

use std::{
    future::pending,
    panic::AssertUnwindSafe,
    time::{Duration, SystemTime},
};

use futures_util::{FutureExt as _, poll};
use monitor_layer::{JobEnd, RetriedJob, Retries, testing::TestMonitor};
use serde_json::Value;

use super::ends;
use crate::support::collector::{Answer, Collector, value};

const MINUTES: Duration = Duration::from_secs(600);

/// One that fails whatever its error is, as most queues give out again.
fn delivered(monitor: &TestMonitor, attempt: u32) -> RetriedJob<fn(&String) -> bool> {
    let job = monitor.job("job-1").niche("history").attempt(attempt);
    let job = job.first_started_at(SystemTime::now() - MINUTES);
    job.retry(Retries::up_to(3)).when(|_| true)
}

async fn broken() -> Result<(), String> {
    Err("the disk is full".to_owned())
}

#[tokio::test]
async fn the_final_end_alone_is_observed_from_the_first_start() {
    // Each in a process of its own.
    let monitors = [1, 2, 3].map(|_| TestMonitor::new("worker"));
    for (monitor, attempt) in monitors.iter().zip(1..) {
        let error = delivered(monitor, attempt)
            .run_attempt(broken())
            .await
            .unwrap_err();
        assert_eq!(error.is_last(), attempt == 3);
        assert_eq!(error.retry_after.is_none(), attempt == 3);
        assert_eq!(error.error, "the disk is full");
        let (started, failed) = (&monitor.lines()[0], &monitor.lines()[1]);
        assert_eq!(started["metadata"]["attempt"], attempt);
        assert_eq!(failed["message"], "Job failed");
        assert_eq!(failed["level"], if attempt == 3 { "error" } else { "warn" });
        assert_eq!(monitor.errors()[0].attempt, Some(attempt));
    }
    let [first, second, last] = &monitors;
    for earlier in [first, second] {
        assert_eq!(ends(earlier, "history"), [0.0, 0.0, 0.0]);
    }
    assert_eq!(ends(last, "history"), [0.0, 1.0, 0.0]);
    let sum = last.metric("job_duration_seconds_sum", []);
    assert!((600.0..660.0).contains(&sum), "{sum}");
}

#[tokio::test]
async fn an_attempt_that_succeeds_is_the_end_and_one_past_the_last_still_runs() {
    let monitor = TestMonitor::new("worker");
    for attempt in [2, 7] {
        let done = delivered(&monitor, attempt).run_attempt(async { Ok(attempt) });
        assert_eq!(done.await, Ok(attempt));
    }
    assert_eq!(ends(&monitor, "history"), [2.0, 0.0, 0.0]);
    let late = delivered(&monitor, 7).run_attempt(broken()).await;
    assert!(late.unwrap_err().is_last());
    assert_eq!(ends(&monitor, "history"), [2.0, 1.0, 0.0]);
}

#[tokio::test]
async fn an_attempt_that_is_dropped_is_the_job_s_end_unless_it_goes_back() {
    let monitor = TestMonitor::new("worker");
    let mut dropped = Box::pin(delivered(&monitor, 1).run_attempt(pending::<Result<(), _>>()));
    assert!(poll!(&mut dropped).is_pending());
    drop(dropped);
    assert_eq!(ends(&monitor, "history"), [0.0, 0.0, 1.0]);

    let job = monitor.job("job-2").niche("history");
    let handle = job.handle();
    let mut stopped = Box::pin(job.run(pending::<Result<(), String>>()));
    assert!(poll!(&mut stopped).is_pending());
    handle.hand_back();
    drop(stopped);
    assert_eq!(ends(&monitor, "history"), [0.0, 0.0, 1.0]);
    let last = monitor.lines().pop().unwrap();
    assert_eq!(last["message"], "Job failed");
    assert_eq!(last["level"], "warn");
    assert_eq!(last["metadata"]["status"], "QUEUED");
    assert_eq!(handle.end(), None);
}

#[tokio::test]
async fn a_job_that_is_to_go_back_and_ends_before_has_ended() {
    let monitor = TestMonitor::new("worker");
    let job = monitor.job("job-1").niche("history");
    let handle = job.handle();
    let done = job.run(async {
        handle.hand_back();
        Ok::<_, String>(())
    });
    done.await.unwrap();
    assert_eq!(ends(&monitor, "history"), [1.0, 0.0, 0.0]);
    assert_eq!(handle.end(), Some(JobEnd::Completed));
}

#[tokio::test]
async fn a_panic_goes_on_and_is_the_end_unless_the_queue_gives_the_job_out_again() {
    let monitor = TestMonitor::new("worker");
    let panicked = async |retries: Retries| {
        let job = monitor.job("job-1").niche("history").retry(retries);
        let attempt = job.run_attempt(async {
            assert!(monitor.lines().is_empty(), "out of paper");
            broken().await
        });
        AssertUnwindSafe(attempt).catch_unwind().await.is_err()
    };
    assert!(panicked(Retries::up_to(3)).await);
    assert_eq!(ends(&monitor, "history"), [0.0, 1.0, 0.0]);
    assert!(panicked(Retries::up_to(3).after_panics()).await);
    assert_eq!(ends(&monitor, "history"), [0.0, 1.0, 0.0]);
}

#[tokio::test]
async fn a_job_is_set_aside_or_cancelled_between_two_attempts_from_its_first_start() {
    let monitor = TestMonitor::new("worker");
    let between = || {
        let job = monitor.job("job-1").niche("history").attempt(4);
        job.first_started_at(SystemTime::now() - MINUTES)
    };
    between().failed_in_queue(&"it ended its process three times".to_owned());
    assert_eq!(ends(&monitor, "history"), [0.0, 1.0, 0.0]);
    let [line] = monitor.lines().try_into().unwrap();
    assert_eq!(line["message"], "Job failed");
    assert_eq!(line["level"], "error");
    assert_eq!(line["metadata"]["attempt"], 4);
    assert_eq!(
        monitor.errors()[0].message,
        "it ended its process three times"
    );
    between().cancelled_in_queue();
    assert_eq!(ends(&monitor, "history"), [0.0, 1.0, 1.0]);
    let sum = monitor.metric("job_duration_seconds_sum", []);
    assert!((1_200.0..1_320.0).contains(&sum), "{sum}");
}

#[tokio::test]
async fn clocks_that_were_set_back_count_as_no_time() {
    let monitor = TestMonitor::new("worker");
    let ahead = SystemTime::now() + MINUTES;
    let job = monitor
        .job("job-1")
        .enqueued_at(ahead)
        .first_started_at(ahead);
    job.run(async { Ok::<_, String>(()) }).await.unwrap();
    assert_eq!(monitor.metric("job_queue_wait_seconds_count", []), 1.0);
    assert_eq!(monitor.metric("job_queue_wait_seconds_sum", []), 0.0);
    assert!(monitor.metric("job_duration_seconds_sum", []) < 60.0);
    let behind = SystemTime::now() - MINUTES;
    let job = monitor.job("job-1").enqueued_at(behind);
    job.run(async { Ok::<_, String>(()) }).await.unwrap();
    assert!(monitor.metric("job_queue_wait_seconds_sum", []) >= 600.0);
}

#[tokio::test]
async fn each_attempt_of_a_queue_is_a_span_of_its_own() {
    let collector = Collector::start(Answer::Fine);
    let monitor = TestMonitor::build("worker", |builder| collector.take_from(builder)).unwrap();
    for attempt in [1, 3] {
        let _ = delivered(&monitor, attempt).run_attempt(broken()).await;
    }
    monitor.flush(Duration::from_secs(60));
    let told: Vec<_> = collector
        .spans()
        .iter()
        .map(|span| {
            ["job.attempt", "job.status"].map(|key| value(&span.span.attributes, key).unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [["1", "QUEUED"], ["3", "FAILED"]].map(|pair| pair.map(str::to_owned))
    );
    // They last as long as they ran here, whenever the job was first started.
    for span in collector.spans() {
        let lasted = span.span.end_time_unix_nano - span.span.start_time_unix_nano;
        assert!(lasted < 60_000_000_000, "{lasted}");
    }
}

#[tokio::test]
async fn an_attempt_is_counted_from_1() {
    let monitor = TestMonitor::new("worker");
    let job = monitor.job("job-1").attempt(0);
    let seen = job.run(async { Ok::<_, String>(monitor_layer::current().attempt()) });
    assert_eq!(seen.await.unwrap().unwrap().number(), 1);
    assert_eq!(monitor.lines()[0]["metadata"]["attempt"], Value::Null);
}
