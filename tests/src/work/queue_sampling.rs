//! The queue's gauges from a function that is asked in the background.

use std::{
    future::pending,
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use monitor_layer::{JobStatus, Monitor, QueueCounts, testing::TestMonitor};

use crate::support::eventually;

const OFTEN: Duration = Duration::from_millis(1);
const NEVER: Duration = Duration::from_secs(86_400);

fn depth(monitor: &TestMonitor) -> Option<f64> {
    let is_there = monitor.has_metric("job_queue_depth", []);
    is_there.then(|| monitor.metric("job_queue_depth", []))
}

#[tokio::test]
async fn counts_are_there_after_the_first_sample_and_follow_the_next() {
    let asked = Arc::<AtomicU32>::default();
    let counting = Arc::clone(&asked);
    let monitor = TestMonitor::build("worker", |builder| {
        builder.sample_queue(OFTEN, move || {
            let waiting = u64::from(counting.fetch_add(1, Ordering::Relaxed));
            async move {
                let counted = [(JobStatus::Queued, waiting), (JobStatus::Running, 2)];
                Ok::<QueueCounts, io::Error>(counted.into_iter().collect())
            }
        })
    })
    .unwrap();
    let follows = || depth(&monitor).filter(|depth| *depth > 3.0);
    eventually("the depth is counted again", follows).await;
    let jobs = |status| monitor.metric("jobs_by_status", [("status", status)]);
    assert_eq!(jobs("RUNNING"), 2.0);
    assert!(jobs("QUEUED") > 3.0);
    assert_eq!(jobs("FAILED"), 0.0);
}

#[tokio::test]
async fn a_sample_that_fails_or_panics_is_told_and_the_last_good_one_stays() {
    let asked = Arc::<AtomicU32>::default();
    let monitor = TestMonitor::build("worker", |builder| {
        builder.sample_queue(OFTEN, move || {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            assert_ne!(number, 2, "the counter broke");
            async move {
                match number {
                    0 => Ok(QueueCounts::waiting(17)),
                    1 => Err(io::Error::other("no database")),
                    3 => panic!("the counter broke while it counted"),
                    _ => pending().await,
                }
            }
        })
    })
    .unwrap();
    let told = || {
        let lines = monitor.lines();
        let problems: Vec<_> = lines
            .iter()
            .filter(|line| line["message"] == "Queue sample failed")
            .filter_map(|line| Some(line["metadata"]["problem"].as_str()?.to_owned()))
            .collect();
        (problems.len() == 3).then_some(problems)
    };
    let problems = eventually("three samples fail", told).await;
    assert_eq!(problems[0], "no database");
    assert!(problems[1].starts_with("it panicked: "), "{}", problems[1]);
    assert_eq!(
        problems[2],
        "it panicked: the counter broke while it counted"
    );
    assert_eq!(depth(&monitor), Some(17.0));
    assert_eq!(monitor.lines()[0]["level"], "warn");
}

#[tokio::test(start_paused = true)]
async fn a_sample_has_a_time_limit_and_one_runs_at_a_time() {
    let (running, asked) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
    let (counting, seen) = (Arc::clone(&running), Arc::clone(&asked));
    let monitor = TestMonitor::build("worker", |builder| {
        builder.sample_queue(OFTEN, move || {
            struct Running(Arc<AtomicU32>);
            impl Drop for Running {
                fn drop(&mut self) {
                    self.0.fetch_sub(1, Ordering::Relaxed);
                }
            }
            seen.fetch_add(1, Ordering::Relaxed);
            assert_eq!(counting.fetch_add(1, Ordering::Relaxed), 0, "one at a time");
            let running = Running(Arc::clone(&counting));
            async move {
                pending::<()>().await;
                drop(running);
                Ok::<_, io::Error>(QueueCounts::waiting(1))
            }
        })
    })
    .unwrap();
    // In time that stands still but where all wait.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert_eq!(running.load(Ordering::Relaxed), 1);
    let lines = monitor.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["metadata"]["problem"], "no answer within 5 s");
}

#[tokio::test]
async fn scrapes_do_not_ask() {
    let asked = Arc::<AtomicU32>::default();
    let counting = Arc::clone(&asked);
    let monitor = TestMonitor::build("worker", |builder| {
        builder.sample_queue(NEVER, move || {
            counting.fetch_add(1, Ordering::Relaxed);
            async { Ok::<_, io::Error>(QueueCounts::waiting(17)) }
        })
    })
    .unwrap();
    eventually("the first sample", || depth(&monitor)).await;
    for _ in 0..10 {
        assert_eq!(depth(&monitor), Some(17.0));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn sampling_ends_with_the_last_monitor_and_layer_at_once() {
    let held = Arc::new(());
    let counting = Arc::clone(&held);
    let monitor = TestMonitor::build("worker", |builder| {
        builder.sample_queue(NEVER, move || {
            let held = Arc::clone(&counting);
            async move {
                drop(held);
                Ok::<_, io::Error>(QueueCounts::waiting(1))
            }
        })
    })
    .unwrap();
    eventually("the first sample", || depth(&monitor)).await;
    let layer = monitor.layer();
    drop(monitor);
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&held), 2);
    drop(layer);
    let is_gone = || (Arc::strong_count(&held) == 1).then_some(());
    eventually("the function is gone", is_gone).await;
}

#[test]
fn what_cannot_be_sampled_stops_the_start() {
    let refused = |every| {
        Monitor::builder("worker")
            .sample_queue(every, async || Ok::<_, io::Error>(QueueCounts::default()))
            .build()
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(Duration::ZERO),
        "the queue is sampled every 0 s; expected a time above 0 between two samples"
    );
    assert_eq!(
        refused(NEVER),
        "the queue cannot be sampled without a tokio runtime; build the monitor inside of one"
    );
}
