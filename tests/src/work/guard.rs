//! A job that is held by code with a loop of its own.

use std::{
    future::pending,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use futures_util::{FutureExt as _, poll};
use monitor_layer::{JobGuard, instrument_step, testing::TestMonitor};
use serde_json::{Value, json};

use super::{ends, told};

fn start(monitor: &TestMonitor) -> JobGuard {
    monitor.job("job-1").niche("history").user("u-1").start()
}

#[instrument_step]
async fn render() -> Result<(), io::Error> {
    tokio::task::yield_now().await;
    Ok(())
}

#[test]
fn a_guard_and_its_work_may_move_between_threads() {
    fn movable<T: Send + Sync>(_: &T) {}
    let monitor = TestMonitor::new("worker");
    let job = start(&monitor);
    movable(&job);
    movable(&job.scope(async {}));
}

#[tokio::test]
async fn a_job_ends_once_as_its_guard_is_told() {
    let monitor = TestMonitor::new("worker");
    start(&monitor).completed();
    assert_eq!(ends(&monitor, "history"), [1.0, 0.0, 0.0]);
    start(&monitor).failed(&io::Error::other("no disk"));
    assert_eq!(ends(&monitor, "history"), [1.0, 1.0, 0.0]);
    start(&monitor).cancelled();
    assert_eq!(ends(&monitor, "history"), [1.0, 1.0, 1.0]);
    drop(start(&monitor));
    assert_eq!(ends(&monitor, "history"), [1.0, 1.0, 2.0]);
    start(&monitor).handed_back();
    start(&monitor).retry_later(&"busy", Duration::from_secs(1));
    let goes_back = start(&monitor);
    goes_back.handle().hand_back();
    drop(goes_back);
    assert_eq!(ends(&monitor, "history"), [1.0, 1.0, 2.0]);
    let [event, _] = monitor.errors().try_into().unwrap();
    assert_eq!(event.message, "no disk");
}

#[tokio::test]
async fn pieces_of_work_are_the_job_s_on_whatever_thread() {
    TestMonitor::capture_events();
    let monitor = TestMonitor::new("worker");
    let job = start(&monitor);
    let spawned = tokio::spawn(job.scope(async {
        tracing::info!("In a task");
        render().await
    }));
    job.enter(|| tracing::info!("On this thread"));
    spawned.await.unwrap().unwrap();
    tracing::info!("Outside");
    job.completed();
    let lines = monitor.lines();
    assert!(
        lines
            .iter()
            .all(|line| line["jobId"] == "job-1" && line["userId"] == "u-1")
    );
    let mut told: Vec<_> = lines.iter().map(|line| line["message"].clone()).collect();
    told.sort_by_key(Value::to_string);
    let expected = [
        "In a task",
        "Job completed",
        "Job started",
        "On this thread",
        "Step completed",
        "Step started",
    ];
    assert_eq!(told, expected);
    let [step, job] = monitor.spans().try_into().unwrap();
    assert_eq!(step.parent_span_id, Some(job.span_id));
}

#[tokio::test]
async fn a_loop_of_one_s_own_tries_again_and_is_one_job() {
    let monitor = TestMonitor::new("worker");
    let mut job = start(&monitor);
    job.retry_here(&"the renderer is busy", Duration::from_millis(250));
    assert_eq!(job.attempt().number(), 2);
    let seen = job.enter(|| monitor_layer::current().attempt());
    assert_eq!(seen, Some(job.attempt()));
    job.completed();
    assert_eq!(ends(&monitor, "history"), [1.0, 0.0, 0.0]);
    assert_eq!(monitor.spans().len(), 1);
    let lines: Vec<_> = monitor.lines().iter().map(told).collect();
    assert_eq!(
        lines,
        [
            json!(["Job started", "info", null]),
            json!(["Job failed", "warn", null]),
            json!(["Job started", "info", 2]),
            json!(["Job completed", "info", 2]),
        ]
    );
    assert_eq!(monitor.lines()[1]["metadata"]["retryInMs"], 250.0);
}

#[tokio::test]
async fn a_panic_in_a_piece_of_work_is_the_job_s_with_its_message() {
    let monitor = TestMonitor::new("worker");
    let job = start(&monitor);
    let entered = catch_unwind(AssertUnwindSafe(|| job.enter(|| panic!("out of paper"))));
    assert!(entered.is_err());
    drop(job);
    let job = start(&monitor);
    let scoped = job.scope(async {
        tokio::task::yield_now().await;
        panic!("out of ink")
    });
    let scoped: Result<(), _> = AssertUnwindSafe(scoped).catch_unwind().await;
    assert!(scoped.is_err());
    drop(job);
    assert_eq!(ends(&monitor, "history"), [0.0, 2.0, 0.0]);
    let events = monitor.errors();
    let told: Vec<_> = events
        .iter()
        .map(|event| (&*event.error_type, &*event.message))
        .collect();
    assert_eq!(told, [("panic", "out of paper"), ("panic", "out of ink")]);
}

#[tokio::test]
async fn a_panic_that_its_holder_dealt_with_is_what_the_holder_says() {
    let monitor = TestMonitor::new("worker");
    let job = start(&monitor);
    let entered = catch_unwind(AssertUnwindSafe(|| job.enter(|| panic!("out of paper"))));
    assert!(entered.is_err());
    job.completed();
    assert_eq!(ends(&monitor, "history"), [1.0, 0.0, 0.0]);
}

#[tokio::test]
async fn a_panic_of_the_code_that_holds_the_job_fails_it() {
    let monitor = TestMonitor::new("worker");
    let held = async {
        let _job = start(&monitor);
        tokio::task::yield_now().await;
        panic!("out of paper")
    };
    let held: Result<(), _> = AssertUnwindSafe(held).catch_unwind().await;
    assert!(held.is_err());
    assert_eq!(ends(&monitor, "history"), [0.0, 1.0, 0.0]);
    assert_eq!(
        monitor.errors()[0].message,
        "the code that held the job panicked"
    );
}

#[tokio::test]
async fn a_neighbour_s_panic_cancels_a_job_whose_work_was_waiting() {
    let monitor = TestMonitor::new("worker");
    let mut waiting = Box::pin(async {
        let job = start(&monitor);
        job.scope(pending::<()>()).await;
        job.completed();
    });
    assert!(poll!(&mut waiting).is_pending());
    let neighbour = catch_unwind(AssertUnwindSafe(move || {
        let _dropped_in_panic = waiting;
        panic!("somebody else's")
    }));
    assert!(neighbour.is_err());
    assert_eq!(ends(&monitor, "history"), [0.0, 0.0, 1.0]);
    assert_eq!(monitor.errors(), []);
}

#[tokio::test]
async fn a_job_that_is_started_in_a_panic_is_not_taken_for_it() {
    struct Cleanup<'a>(&'a TestMonitor);

    impl Drop for Cleanup<'_> {
        fn drop(&mut self) {
            drop(start(self.0));
        }
    }

    let monitor = TestMonitor::new("worker");
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _cleanup = Cleanup(&monitor);
        panic!("somebody else's")
    }));
    assert!(unwound.is_err());
    assert_eq!(ends(&monitor, "history"), [0.0, 0.0, 1.0]);
}
