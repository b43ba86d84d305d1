//! Collectors that are down, slow, silent or mad.

use std::{
    io,
    net::TcpListener,
    time::{Duration, Instant},
};

use monitor_layer::{Otlp, testing::TestMonitor};

use crate::support::collector::{Answer, Collector};
use crate::support::eventually;

const QUEUE: usize = 40;
const JOBS: usize = 200;

fn monitor(otlp: Otlp) -> TestMonitor {
    let otlp = otlp.max_queue(QUEUE).timeout(Duration::from_millis(300));
    TestMonitor::build("api", |builder| builder.otlp(otlp)).unwrap()
}

/// Runs jobs of which each is a span; says how long they took.
async fn run(monitor: &TestMonitor, jobs: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..jobs {
        let job = monitor.job("job-1");
        job.run(async { Ok::<_, io::Error>(()) }).await.unwrap();
    }
    start.elapsed()
}

fn dropped(monitor: &TestMonitor) -> usize {
    monitor.metric("telemetry_dropped_total", [("signal", "spans")]) as usize
}

#[tokio::test]
async fn whatever_a_collector_does_work_goes_on_losses_are_counted_and_spans_flow_again() {
    for answer in [
        Answer::Status(503),
        Answer::Status(429),
        Answer::Status(400),
        Answer::Hang,
        Answer::Garbage,
        Answer::Nothing,
    ] {
        let collector = Collector::start(answer);
        let monitor = monitor(collector.otlp());
        // One batch at 300 ms each: had any of it been waited for, it would be seen.
        let took = run(&monitor, JOBS).await;
        assert!(took < Duration::from_millis(300), "{answer:?} {took:?}");
        eventually("every span to be lost and counted", || {
            (dropped(&monitor) == JOBS).then_some(())
        })
        .await;
        assert_eq!(collector.spans().len(), 0);
        assert!(collector.requests() > 0, "{answer:?}");

        collector.answer(Answer::Fine);
        run(&monitor, 7).await;
        eventually("spans to flow again", || {
            (collector.spans().len() == 7).then_some(())
        })
        .await;
        assert_eq!(dropped(&monitor), JOBS, "{answer:?}");
        let told = monitor.lines();
        let told = told.iter().filter(|line| {
            let message = line["message"].as_str().unwrap();
            message.starts_with("Spans could not be exported")
        });
        assert_eq!(told.count(), 1, "{answer:?}: an outage is told of once");
    }
}

#[tokio::test]
async fn each_outage_is_told_of() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(collector.otlp());
    for outages in 1..=2 {
        collector.answer(Answer::Status(400));
        run(&monitor, 1).await;
        eventually("a span to be lost", || {
            (dropped(&monitor) == outages).then_some(())
        })
        .await;
        collector.answer(Answer::Fine);
        run(&monitor, 1).await;
        eventually("a span to arrive", || {
            (collector.spans().len() == outages).then_some(())
        })
        .await;
        let lines = monitor.lines().into_iter();
        let told = lines.filter(|line| line["level"] == "warn").count();
        assert_eq!(told, outages);
    }
}

#[tokio::test]
async fn a_collector_that_is_not_there_costs_its_spans_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let otlp = Otlp::new(format!("http://{address}")).interval(Duration::from_millis(10));
    let monitor = monitor(otlp);
    run(&monitor, JOBS).await;
    eventually("every span to be lost and counted", || {
        (dropped(&monitor) == JOBS).then_some(())
    })
    .await;
    monitor.flush(Duration::from_secs(30));
    let lines = monitor.lines().into_iter();
    let mut told = lines.filter(|line| line["level"] == "warn");
    let told = told.next().unwrap();
    let told = told["message"].as_str().unwrap();
    assert!(told.contains("refused"), "{told}");
    assert!(told.contains(&address.to_string()), "{told}");
}

#[tokio::test]
async fn a_slow_collector_gets_what_fits_and_the_rest_is_counted() {
    let collector = Collector::start(Answer::Slow(Duration::from_millis(100)));
    let monitor = monitor(collector.otlp());
    run(&monitor, JOBS).await;
    eventually("every span to be sent or counted", || {
        (dropped(&monitor) + collector.spans().len() == JOBS).then_some(())
    })
    .await;
    assert!(!collector.spans().is_empty());
}

#[tokio::test]
async fn a_flush_waits_no_longer_than_it_is_told_to() {
    let collector = Collector::start(Answer::Hang);
    let otlp = collector.otlp().timeout(Duration::from_secs(10));
    let monitor = TestMonitor::build("api", |builder| builder.otlp(otlp)).unwrap();
    run(&monitor, 3).await;
    let start = Instant::now();
    monitor.shutdown(Duration::from_millis(50)).await;
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(50), "{took:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn a_shutdown_sends_what_waits() {
    let collector = Collector::start(Answer::Fine);
    let otlp = collector.otlp().interval(Duration::from_secs(60));
    let monitor = TestMonitor::build("api", |builder| builder.otlp(otlp)).unwrap();
    run(&monitor, 700).await;
    monitor.shutdown(Duration::from_secs(30)).await;
    assert_eq!(collector.spans().len(), 700);
    assert_eq!(dropped(&monitor), 0);
    // What comes after it is sent as well: it is a flush, not an end.
    run(&monitor, 1).await;
    drop(monitor);
    eventually("the last span", || {
        (collector.spans().len() == 701).then_some(())
    })
    .await;
}
