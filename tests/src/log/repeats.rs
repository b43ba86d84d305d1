//! Warnings and errors that one call site logs again and again.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt as _;
use monitor_layer::{LogWriter, Monitor, instrument_step, testing::TestMonitor};
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::{Written, dropped_lines, eventually};

const LONG: Duration = Duration::from_secs(3_600);
/// Soon over.
const SHORT: Duration = Duration::from_millis(20);

fn limited(most: u32, period: Duration) -> TestMonitor {
    TestMonitor::build("api", |builder| builder.limit_repeated_logs(most, period)).unwrap()
}

fn captured(monitor: &Monitor) -> tracing::subscriber::DefaultGuard {
    tracing::subscriber::set_default(tracing_subscriber::registry().with(monitor.log_layer()))
}

/// One call site.
fn warn(attempt: u64) {
    tracing::warn!(attempt, "Not reached");
}

fn suppressed(monitor: &TestMonitor, level: &str) -> f64 {
    monitor.metric("log_lines_suppressed_total", [("level", level)])
}

fn metadata(line: &Value, key: &str) -> u64 {
    line["metadata"][key].as_u64().unwrap_or_default()
}

#[test]
fn the_first_ones_are_written_and_the_others_told_of_and_counted_but_not_as_lost() {
    let monitor = limited(3, LONG);
    let _guard = captured(&monitor);
    (0..10).for_each(warn);
    tracing::error!("Another call site");
    (0..9).for_each(|_| tracing::info!("Every time"));
    let lines = monitor.lines();
    let attempts = lines[..3].iter().map(|line| metadata(line, "attempt"));
    assert_eq!(attempts.collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(lines[3]["message"], "Another call site");
    assert_eq!(lines.len(), 3 + 1 + 9);
    assert_eq!(
        (suppressed(&monitor, "warn"), suppressed(&monitor, "error")),
        (7.0, 0.0)
    );

    monitor.flush(Duration::ZERO);
    monitor.flush(Duration::ZERO);
    let mut told = monitor.lines().split_off(lines.len());
    let line = told[0]["metadata"]["line"].take();
    assert!(line.is_u64(), "{line}");
    let timestamp = told[0]["timestamp"].take();
    assert_eq!(
        told,
        [json!({
            "timestamp": null, "level": "warn", "message": "7 repeated log lines suppressed",
            "service": "api", "env": "test",
            "metadata": {
                "suppressed": 7, "target": "behaviour::log::repeats", "file": "tests/src/log/repeats.rs", "line": null,
            },
        })],
        "at {timestamp}"
    );
    assert_eq!(dropped_lines(&monitor), 0);
}

#[test]
fn all_are_written_where_no_limit_is_set() {
    let monitor = TestMonitor::new("api");
    let _guard = captured(&monitor);
    (0..1_000).for_each(warn);
    assert_eq!(monitor.lines().len(), 1_000);
}

#[tokio::test]
async fn the_next_line_after_the_period_tells_how_many_were_left_out_before_it() {
    let monitor = limited(1, SHORT);
    let _guard = captured(&monitor);
    warn(0);
    let told = || {
        // Alone: no other line tells of it.
        warn(1);
        let last = monitor.lines().pop().unwrap();
        (metadata(&last, "suppressed") > 0).then_some(last)
    };
    let told = eventually("a line that tells", told).await;
    assert_eq!(told["message"], "Not reached");
    assert_eq!(
        metadata(&told, "suppressed") as f64,
        suppressed(&monitor, "warn")
    );
}

#[tokio::test]
async fn whatever_line_comes_next_has_it_told_where_the_call_site_is_silent() {
    fn run_job(monitor: &TestMonitor) {
        let job = monitor.job("job-1").run(async { Ok::<_, io::Error>(()) });
        job.now_or_never().unwrap().unwrap();
    }

    for next in [run_job, |_: &TestMonitor| tracing::info!("Another")] {
        let monitor = limited(1, SHORT);
        let _guard = captured(&monitor);
        (0..5).for_each(warn);
        let told = || {
            next(&monitor);
            let mut lines = monitor.lines().into_iter();
            lines.find(|line| line["message"] == "4 repeated log lines suppressed")
        };
        let told = eventually("a line that tells", told).await;
        assert_eq!(told["jobId"], Value::Null, "it is not the job's");
        assert_eq!(told["traceId"], Value::Null);
    }
}

#[tokio::test]
async fn a_field_of_that_name_gives_way() {
    let monitor = limited(1, SHORT);
    let _guard = captured(&monitor);
    let told = || {
        tracing::warn!(suppressed = "mine", "Again");
        let last = monitor.raw_lines().pop().unwrap();
        (!last.contains("mine")).then_some(last)
    };
    let told = eventually("a line that tells", told).await;
    assert_eq!(told.matches("\"suppressed\":").count(), 1, "{told}");
}

#[test]
fn the_end_of_the_last_handle_tells() {
    let written = Written::default();
    let monitor = Monitor::builder("api")
        .log_to(written.clone())
        .log_writer(LogWriter::Background)
        .limit_repeated_logs(1, LONG)
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    tracing::subscriber::with_default(subscriber, || (0..5).for_each(warn));
    drop(monitor);
    let last = written.lines().pop().unwrap();
    assert_eq!(last["message"], "4 repeated log lines suppressed");
}

#[tokio::test]
async fn what_a_lost_line_would_have_told_is_told_later() {
    #[derive(Clone, Default)]
    struct Failing(Written, Arc<AtomicBool>);

    impl io::Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.1.load(Ordering::Relaxed) {
                true => Err(io::ErrorKind::StorageFull.into()),
                false => self.0.write(bytes),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let failing = Failing::default();
    let monitor = Monitor::builder("api")
        .log_to(failing.clone())
        .limit_repeated_logs(1, SHORT)
        .build()
        .unwrap();
    let _guard = captured(&monitor);
    warn(0);
    failing.1.store(true, Ordering::Relaxed);
    let lost = || {
        warn(1);
        (dropped_lines(&monitor) > 0).then_some(())
    };
    eventually("a line that is lost", lost).await;
    failing.1.store(false, Ordering::Relaxed);
    monitor.flush(LONG);
    let told: u64 = failing
        .0
        .lines()
        .iter()
        .map(|line| metadata(line, "suppressed"))
        .sum();
    let families = monitor.registry().gather();
    let family = families
        .iter()
        .find(|family| family.name() == "log_lines_suppressed_total");
    let metrics = family.unwrap().get_metric().iter();
    let counted: f64 = metrics.map(|metric| metric.get_counter().value()).sum();
    assert!(counted > 0.0);
    assert_eq!(told as f64, counted);
}

#[test]
fn lines_of_steps_and_jobs_are_not_repeats_and_failures_count_each() {
    #[instrument_step]
    fn fail(number: usize) -> Result<(), io::Error> {
        Err(io::Error::other(format!("failure {number}")))
    }

    let monitor = limited(1, LONG);
    for number in 0..10 {
        let job = monitor.job("job-1").run(async move { fail(number) });
        job.now_or_never().unwrap().unwrap_err();
    }
    let failed = |message| {
        let lines = monitor.lines();
        lines
            .iter()
            .filter(|line| line["message"] == message)
            .count()
    };
    assert_eq!((failed("Step failed"), failed("Job failed")), (10, 10));
    assert_eq!(monitor.metric("errors_total", []), 10.0);
}

#[test]
fn a_limit_that_lets_nothing_through_stops_the_start() {
    for (most, period) in [(0, LONG), (1, Duration::ZERO)] {
        let builder = Monitor::builder("api").limit_repeated_logs(most, period);
        let error = builder.build().unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "repeated log lines are limited to {most} in {period:?}; expected one line at least and a time above 0"
            )
        );
    }
}
