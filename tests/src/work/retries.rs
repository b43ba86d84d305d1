//! A job that is tried again in its own process: one job, whatever its attempts come to.

use std::{
    error::Error,
    fmt,
    future::pending,
    panic::AssertUnwindSafe,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, poll};
use monitor_layer::{
    Categorize, JobEnd, MonitorBuilder, Retries, instrument_step, testing::TestMonitor,
};
use serde_json::{Value, json};

use super::{ends, told};
use crate::support::collector::{Answer, Collector, value};

/// Which is over in time that stands still, and cannot be missed where it goes on.
const HOUR: Duration = Duration::from_secs(3_600);

/// Without a pause.
const AT_ONCE: Retries = Retries::up_to(3).backoff(Duration::ZERO, Duration::ZERO);

#[derive(Debug)]
struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the renderer is busy")
    }
}

impl Error for Busy {}

impl Categorize for Busy {
    fn code(&self) -> Option<&str> {
        Some("PIPELINE_BUSY")
    }

    fn is_transient(&self) -> bool {
        true
    }
}

/// What carries another error, and says nothing of whether another try may succeed.
#[derive(Debug)]
struct Lost(Busy);

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the video is lost")
    }
}

impl Error for Lost {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// Fails until this attempt.
#[instrument_step]
async fn render(busy_until: u32) -> Result<u32, Busy> {
    let attempt = monitor_layer::current().attempt().unwrap().number();
    match attempt < busy_until {
        true => Err(Busy),
        false => Ok(attempt),
    }
}

/// Which knows of busy renderers.
fn worker() -> TestMonitor {
    TestMonitor::build("worker", MonitorBuilder::categorize::<Busy>).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_transient_error_is_a_warning_and_the_attempt_that_succeeds_is_the_job_s_end() {
    let monitor = worker();
    let retries = Retries::up_to(3).backoff(HOUR, HOUR);
    let job = monitor.job("job-1").niche("history").retry(retries);
    assert_eq!(job.run(async |_| render(3).await).await.unwrap(), 3);

    assert_eq!(ends(&monitor, "history"), [1.0, 0.0, 0.0]);
    let lines: Vec<Value> = monitor.lines().iter().map(told).collect();
    let of = |message, level, attempt| json!([message, level, attempt]);
    let attempt = |number| {
        [
            of("Job started", "info", number),
            of("Step started", "info", number),
            of("Step failed", "error", number),
            of("Job failed", "warn", number),
        ]
    };
    let mut expected: Vec<Value> = (1..=2).flat_map(attempt).collect();
    expected.extend([
        of("Job started", "info", 3),
        of("Step started", "info", 3),
        of("Step completed", "info", 3),
        of("Job completed", "info", 3),
    ]);
    assert_eq!(lines, expected);
    let retried = &monitor.lines()[3]["metadata"];
    assert_eq!(retried["maxAttempts"], 3);
    assert_eq!(retried["error"]["message"], "the renderer is busy");
    assert!(retried["retryInMs"].as_f64().unwrap() <= 3_600_000.0);
    assert_eq!(retried["status"], Value::Null);
}

#[tokio::test]
async fn only_the_last_attempt_s_failure_is_the_job_s() {
    let monitor = worker();
    let job = monitor.job("job-1").niche("history").retry(AT_ONCE);
    let error = job.run(async |_| render(9).await).await.unwrap_err();
    assert_eq!(error.to_string(), "the renderer is busy");
    assert_eq!(ends(&monitor, "history"), [0.0, 1.0, 0.0]);
    let failed: Vec<_> = monitor
        .lines()
        .into_iter()
        .filter(|line| line["message"] == "Job failed")
        .map(|line| json!([line["level"], line["metadata"]["status"]]))
        .collect();
    assert_eq!(
        failed,
        [
            json!(["warn", null]),
            json!(["warn", null]),
            json!(["error", "FAILED"])
        ]
    );
    // Each attempt's failure is its own.
    let attempts: Vec<_> = monitor.errors().iter().map(|event| event.attempt).collect();
    assert_eq!(attempts, [Some(1), Some(2), Some(3)]);
}

#[tokio::test]
async fn an_error_that_is_not_transient_is_the_end_at_once() {
    let monitor = worker();
    let job = monitor.job("job-1").niche("history").retry(AT_ONCE);
    let attempts = AtomicU32::new(0);
    let lost = job.run(async |_| {
        attempts.fetch_add(1, Ordering::Relaxed);
        Err::<(), _>("the disk is full".to_owned())
    });
    lost.await.unwrap_err();
    assert_eq!(attempts.into_inner(), 1);
    assert_eq!(ends(&monitor, "history"), [0.0, 1.0, 0.0]);
}

#[tokio::test]
async fn a_step_that_saw_the_error_says_for_the_job_that_it_is_transient() {
    let monitor = TestMonitor::new("worker");
    let job = monitor.job("job-1").niche("history").retry(AT_ONCE);
    // Neither the job's error nor its source is known to the monitor's builder.
    let done = job.run(async |_| render(2).await.map_err(Lost));
    assert_eq!(done.await.unwrap(), 2);
    assert_eq!(ends(&monitor, "history"), [1.0, 0.0, 0.0]);
}

#[tokio::test]
async fn the_caller_s_own_choice_of_errors_wins_and_one_that_panics_means_no() {
    let monitor = worker();
    let attempts = AtomicU32::new(0);
    let tried = async |when: fn(&Busy) -> bool| {
        attempts.store(0, Ordering::Relaxed);
        let job = monitor.job("job-1").niche("history").retry(AT_ONCE);
        let run = job.when(when).run(async |_| {
            attempts.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(Busy)
        });
        run.await.unwrap_err();
        attempts.load(Ordering::Relaxed)
    };
    assert_eq!(tried(|_| true).await, 3);
    assert_eq!(tried(|_| false).await, 1);
    assert_eq!(tried(|_| panic!("undecided")).await, 1);
    assert_eq!(ends(&monitor, "history"), [0.0, 3.0, 0.0]);
}

#[tokio::test]
async fn a_panic_is_the_end_unless_it_is_to_be_tried_again() {
    let monitor = worker();
    let panics_once = async |retries: Retries| {
        let job = monitor.job("job-1").niche("history").retry(retries);
        let run = job.run(async |attempt| {
            assert!(attempt.number() > 1, "out of paper");
            Ok::<_, String>(attempt.number())
        });
        AssertUnwindSafe(run).catch_unwind().await
    };
    assert!(panics_once(AT_ONCE).await.is_err());
    assert_eq!(ends(&monitor, "history"), [0.0, 1.0, 0.0]);
    let second = panics_once(AT_ONCE.after_panics()).await.unwrap();
    assert_eq!(second, Ok(2));
    assert_eq!(ends(&monitor, "history"), [1.0, 1.0, 0.0]);
    assert_eq!(monitor.errors()[1].error_type, "panic");
}

#[tokio::test]
async fn a_job_that_is_dropped_in_an_attempt_or_a_pause_is_cancelled_once() {
    let monitor = worker();
    let job = |retries| monitor.job("job-1").niche("science").retry(retries);

    let mut in_attempt = Box::pin(job(AT_ONCE).run(async |attempt| match attempt.number() {
        1 => Err(Busy),
        _ => pending::<Result<(), Busy>>().await,
    }));
    while monitor.lines().len() < 3 {
        assert!(poll!(&mut in_attempt).is_pending());
        tokio::task::yield_now().await;
    }
    drop(in_attempt);
    assert_eq!(ends(&monitor, "science"), [0.0, 0.0, 1.0]);

    // A pause that is drawn at random may be none at all.
    let endless = Retries::up_to(u32::MAX).backoff(HOUR, HOUR);
    let mut in_pause = Box::pin(job(endless).run(async |_| Err::<(), _>(Busy)));
    while !poll!(&mut in_pause).is_pending() {}
    drop(in_pause);
    assert_eq!(ends(&monitor, "science"), [0.0, 0.0, 2.0]);
    let last = monitor.lines().pop().unwrap();
    assert_eq!(last["metadata"]["status"], "CANCELLED");
    assert_eq!(last["jobId"], "job-1");

    drop(job(AT_ONCE).run(async |_| Ok::<_, Busy>(())));
    assert_eq!(ends(&monitor, "science"), [0.0, 0.0, 2.0]);
}

#[tokio::test]
async fn a_job_is_measured_from_its_first_start_with_its_pauses_and_waited_once() {
    let monitor = worker();
    let started = OnceLock::new();
    let retries = Retries::up_to(3).backoff(Duration::from_millis(20), Duration::from_millis(20));
    let job = monitor
        .job("job-1")
        .niche("history")
        .queued_for(Duration::from_secs(5))
        .retry(retries);
    let lived = job.run(async |attempt| {
        let start = *started.get_or_init(Instant::now);
        match attempt.is_last() {
            true => Ok(start.elapsed()),
            false => Err(Busy),
        }
    });
    let lived = lived.await.unwrap();
    let sum = monitor.metric("job_duration_seconds_sum", [("niche", "history")]);
    // To the microsecond, by whatever clock.
    assert!(sum + 1e-3 >= lived.as_secs_f64(), "{sum} {lived:?}");
    assert_eq!(monitor.metric("job_queue_wait_seconds_count", []), 1.0);
}

#[tokio::test]
async fn the_next_attempt_knows_the_user_and_the_tags_of_the_one_before() {
    let monitor = worker();
    let job = monitor.job("job-1").retry(AT_ONCE);
    let done = job.run(async |attempt| {
        let current = monitor_layer::current();
        if attempt.number() == 1 {
            current.user("u-1").tag("plan", "pro");
            return Err(Busy);
        }
        Ok((current.job_id(), current.user_id()))
    });
    let seen = done.await.unwrap();
    assert_eq!(seen, (Some("job-1".into()), Some("u-1".into())));
    let last = monitor.lines().pop().unwrap();
    assert_eq!(last["userId"], "u-1");
    assert_eq!(last["metadata"]["plan"], "pro");
}

#[tokio::test]
async fn what_is_spawned_in_an_attempt_belongs_to_it_wherever_it_runs() {
    TestMonitor::capture_events();
    let monitor = worker();
    let job = monitor.job("job-1").user("u-1").retry(AT_ONCE);
    let done = job.run(async |attempt| {
        let spawned = tokio::spawn(monitor_layer::current().scope(async {
            let on_thread = monitor_layer::current();
            tokio::task::spawn_blocking(move || on_thread.enter(|| tracing::info!("Inside")))
                .await
                .unwrap();
            monitor_layer::current().attempt()
        }));
        assert_eq!(spawned.await.unwrap(), Some(attempt));
        match attempt.is_last() {
            true => Ok(()),
            false => Err(Busy),
        }
    });
    done.await.unwrap();
    let inside: Vec<_> = monitor
        .lines()
        .into_iter()
        .filter(|line| line["message"] == "Inside")
        .map(|line| json!([line["jobId"], line["userId"], line["metadata"]["attempt"]]))
        .collect();
    let expected: Vec<_> = (1..=3)
        .map(|attempt| json!(["job-1", "u-1", attempt]))
        .collect();
    assert_eq!(inside, expected);
}

#[tokio::test]
async fn a_job_of_one_attempt_tells_of_none() {
    let monitor = worker();
    let done = monitor.job("job-1").run(async { Ok::<_, Busy>(()) });
    done.await.unwrap();
    let job = monitor.job("job-2").retry(Retries::up_to(1));
    job.run(async |_| Ok::<_, Busy>(())).await.unwrap();
    for line in monitor.lines() {
        assert_eq!(line["metadata"]["attempt"], Value::Null, "{line}");
    }
}

#[tokio::test]
async fn the_attempts_of_a_job_are_one_span_that_tells_of_those_that_failed() {
    let collector = Collector::start(Answer::Fine);
    let monitor = TestMonitor::build("worker", |builder| collector.take_from(builder)).unwrap();
    let job = monitor.job("job-1").niche("history").retry(AT_ONCE);
    job.run(async |_| render(3).await).await.unwrap();
    monitor.flush(Duration::from_secs(60));
    let spans = collector.spans();
    let of_job: Vec<_> = spans
        .iter()
        .filter(|span| span.span.name == "job history")
        .collect();
    let [job] = of_job[..] else {
        panic!("one span of the job");
    };
    let attempts: Vec<_> = job
        .span
        .events
        .iter()
        .map(|event| value(&event.attributes, "job.attempt"))
        .collect();
    assert_eq!(attempts, [Some("1".to_owned()), Some("2".to_owned())]);
    assert_eq!(
        value(&job.span.attributes, "job.status").unwrap(),
        "COMPLETED"
    );
    assert_eq!(value(&job.span.attributes, "job.attempt").unwrap(), "3");
    let steps = spans.iter().filter(|span| span.span.name == "render");
    assert!(
        steps
            .clone()
            .all(|step| step.span.parent_span_id == job.span.span_id)
    );
    assert_eq!(steps.count(), 3);
}

#[tokio::test]
async fn a_handle_sees_the_attempts_and_the_end() {
    let monitor = worker();
    let job = monitor.job("job-1");
    let handle = job.handle();
    let seen = handle.clone();
    let done = job.retry(AT_ONCE).run(async |attempt| {
        assert_eq!((seen.attempt(), seen.end()), (attempt, None));
        Err::<(), _>(Busy)
    });
    done.await.unwrap_err();
    assert_eq!(handle.attempt().to_string(), "attempt 3 of 3");
    assert_eq!(handle.end(), Some(JobEnd::Failed));
}
