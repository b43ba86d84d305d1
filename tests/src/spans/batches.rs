//! How spans are sent: how many at once, packed or not, and what a collector says of them.

use std::{io, time::Duration};

use monitor_layer::{Otlp, testing::TestMonitor};
use serde_json::Value;

use crate::support::{
    collector::{Answer, Collector},
    eventually,
};

fn monitor(otlp: Otlp) -> TestMonitor {
    TestMonitor::build("api", |builder| builder.otlp(otlp)).unwrap()
}

/// Runs jobs of which each is a span.
async fn run(monitor: &TestMonitor, jobs: usize) {
    for _ in 0..jobs {
        let job = monitor.job("job-1");
        job.run(async { Ok::<_, io::Error>(()) }).await.unwrap();
    }
}

fn dropped(monitor: &TestMonitor) -> usize {
    monitor.metric("telemetry_dropped_total", [("signal", "spans")]) as usize
}

/// The monitor's own lines about its collector.
fn told(monitor: &TestMonitor) -> Vec<Value> {
    let lines = monitor.lines().into_iter();
    lines.filter(|line| line["level"] == "warn").collect()
}

#[tokio::test]
async fn a_full_batch_is_sent_at_once_and_none_is_larger() {
    let collector = Collector::start(Answer::Fine);
    let otlp = collector.otlp().interval(Duration::from_secs(3_600));
    let monitor = monitor(otlp.max_batch(10));
    run(&monitor, 9).await;
    assert_eq!(collector.batches(), [0; 0]);
    run(&monitor, 1).await;
    eventually("a full batch", || {
        (collector.batches() == [10]).then_some(())
    })
    .await;
    run(&monitor, 25).await;
    monitor.shutdown(Duration::from_secs(30)).await;
    let batches = collector.batches();
    assert_eq!(batches.iter().sum::<usize>(), 35, "{batches:?}");
    assert!(batches.iter().all(|batch| *batch <= 10), "{batches:?}");
}

#[tokio::test]
async fn batches_are_packed_where_it_is_asked_for() {
    for packs in [false, true] {
        let collector = Collector::start(Answer::Fine);
        let otlp = match packs {
            true => collector.otlp().gzip(),
            false => collector.otlp(),
        };
        let monitor = monitor(otlp);
        run(&monitor, 3).await;
        monitor.shutdown(Duration::from_secs(30)).await;
        assert_eq!(collector.spans().len(), 3);
        let headers = collector.headers();
        let says_so = headers.iter().any(|line| line == "content-encoding: gzip");
        assert_eq!(says_so, packs, "{headers:?}");
    }
}

#[tokio::test]
async fn spans_that_a_collector_rejects_are_counted_and_told_of_once() {
    const WORDS: &str = "quota of postgres://me:pw@db exceeded";

    let collector = Collector::start(Answer::Rejects(2, WORDS));
    let otlp = collector.otlp().interval(Duration::from_secs(3_600));
    let monitor = monitor(otlp.max_batch(5));
    for batch in 1..=3 {
        run(&monitor, 5).await;
        eventually("the rejected to be counted", || {
            (dropped(&monitor) >= 2 * batch).then_some(())
        })
        .await;
        assert_eq!(dropped(&monitor), 2 * batch);
        monitor.flush(Duration::from_secs(30));
        assert_eq!(collector.batches().len(), batch);
    }
    let told = told(&monitor);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        told[0]["message"],
        format!(
            "The collector at http://{}/v1/traces rejected 2 spans, which are lost and counted in \
             telemetry_dropped_total: \"quota of postgres://me:[REDACTED]@db exceeded\"",
            collector.address
        )
    );
}

#[tokio::test]
async fn whatever_a_collector_claims_no_more_is_counted_than_was_sent_and_its_words_are_cut() {
    for (claimed, counted) in [(i64::MAX, 5), (-1, 0), (0, 0)] {
        // A secret lies across the cut.
        let words = format!(
            "{} postgres://me:s3cret{}@db",
            "é".repeat(140),
            "t".repeat(1_000)
        );
        let words: &'static str = (words + &"é".repeat(100_000)).leak();
        let collector = Collector::start(Answer::Rejects(claimed, words));
        let monitor = monitor(collector.otlp().interval(Duration::from_secs(3_600)));
        run(&monitor, 5).await;
        monitor.shutdown(Duration::from_secs(30)).await;
        assert_eq!(dropped(&monitor), counted, "{claimed}");
        let told = told(&monitor);
        assert_eq!(told.len(), 1, "{told:?}");
        let message = told[0]["message"].as_str().unwrap();
        assert!(message.contains("é"), "{message}");
        assert!(message.len() < 600, "{}", message.len());
        assert!(!message.contains("s3c"), "{message}");
    }
}
