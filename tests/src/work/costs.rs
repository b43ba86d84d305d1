//! What a job costs, by how it ended.

use std::{future::pending, io};

use futures_util::poll;
use monitor_layer::{Retries, testing::TestMonitor};

fn cost(monitor: &TestMonitor, status: &str) -> f64 {
    let labels = [
        ("niche", "history"),
        ("status", status),
        ("resource", "gpu"),
    ];
    assert!(monitor.has_metric("job_cost_usd_total", labels));
    monitor.metric("job_cost_usd_total", labels)
}

fn spend(usd: f64) {
    monitor_layer::current().cost(usd, "gpu").unwrap();
}

#[tokio::test]
async fn costs_count_by_the_status_that_is_known_at_the_end() {
    let monitor = TestMonitor::new("worker");
    let job = || monitor.job("job-1").niche("history");
    let done = job().run(async {
        spend(0.25);
        assert!(!monitor.has_metric("job_cost_usd_total", []));
        spend(0.25);
        Ok::<_, io::Error>(())
    });
    done.await.unwrap();
    assert_eq!(cost(&monitor, "COMPLETED"), 0.5);

    let broken = job().run(async {
        spend(1.0);
        Err::<(), _>(io::Error::other("no disk"))
    });
    broken.await.unwrap_err();
    assert_eq!(cost(&monitor, "FAILED"), 1.0);

    let mut dropped = Box::pin(job().run(async {
        spend(2.0);
        pending::<Result<(), io::Error>>().await
    }));
    assert!(poll!(&mut dropped).is_pending());
    drop(dropped);
    assert_eq!(cost(&monitor, "CANCELLED"), 2.0);
    assert_eq!(cost(&monitor, "COMPLETED"), 0.5);
}

#[tokio::test]
async fn all_attempts_costs_are_the_job_s() {
    let monitor = TestMonitor::new("worker");
    let again = Retries::up_to(3).backoff(Default::default(), Default::default());
    let job = monitor.job("job-1").niche("history").retry(again);
    let done = job.when(|_: &&str| true).run(async |attempt| {
        spend(0.25);
        if attempt.is_last() {
            Ok(())
        } else {
            Err("busy")
        }
    });
    done.await.unwrap();
    assert_eq!(cost(&monitor, "COMPLETED"), 0.75);

    // The end is elsewhere, where nobody knows of it.
    let job = monitor.job("job-2").niche("history").retry(again);
    let later = job.when(|_: &&str| true).run_attempt(async {
        spend(1.0);
        Err::<(), _>("busy")
    });
    later.await.unwrap_err();
    assert_eq!(cost(&monitor, "FAILED"), 1.0);
    monitor.job("job-3").niche("history").start().handed_back();
    assert_eq!(cost(&monitor, "CANCELLED"), 0.0);
}

#[tokio::test]
async fn what_is_spent_after_the_end_counts_as_the_job_ended() {
    let monitor = TestMonitor::new("worker");
    let job = monitor.job("job-1").niche("history").start();
    let handle = job.handle();
    job.cost(0.25, "gpu").unwrap();
    job.completed();
    handle.cost(0.25, "gpu").unwrap();
    assert_eq!(cost(&monitor, "COMPLETED"), 0.5);
}

#[tokio::test]
async fn what_is_no_amount_is_refused_and_what_has_no_job_is_told() {
    let monitor = TestMonitor::new("worker");
    let dropped = || monitor.metric("telemetry_dropped_total", [("signal", "observers")]);
    let job = monitor.job("job-1").niche("history").start();
    for usd in [f64::NAN, f64::INFINITY, -0.01] {
        let refused = job.cost(usd, "gpu").unwrap_err().to_string();
        assert!(
            refused.contains("expected a finite number from 0 up"),
            "{refused}"
        );
    }
    assert_eq!(dropped(), 3.0);
    job.cost(f64::MAX, "gpu").unwrap();
    job.cost(f64::MAX, "gpu").unwrap_err();
    job.completed();
    assert_eq!(cost(&monitor, "COMPLETED"), f64::MAX);
    assert_eq!(dropped(), 4.0);

    monitor.scope(async { spend(1.0) }).await;
    assert_eq!(dropped(), 5.0);
    let outside = async { monitor_layer::current().cost(f64::NAN, "gpu") };
    monitor.scope(outside).await.unwrap_err();
    assert_eq!(dropped(), 6.0);
    let never_run = monitor.job("job-2");
    never_run.handle().cost(1.0, "gpu").unwrap();
    drop(never_run);
    assert_eq!(dropped(), 7.0);
}

#[tokio::test]
async fn resources_past_any_number_are_summed_up() {
    let monitor = TestMonitor::new("worker");
    let job = monitor.job("job-1").niche("history").start();
    for resource in 0..1_000 {
        job.cost(1.0, &format!("gpu-{resource}")).unwrap();
    }
    job.completed();
    assert_eq!(monitor.metric("job_cost_usd_total", []), 1_000.0);
    let other = [("resource", "_other"), ("status", "COMPLETED")];
    assert_eq!(monitor.metric("job_cost_usd_total", other), 936.0);
}
