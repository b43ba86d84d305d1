//! Jobs in flight when the process is to end.

use std::time::Duration;

use monitor_layer::{Pipeline, instrument_step, testing::TestMonitor};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::served::{LONG, Served};

async fn without_time() -> Served {
    Served::start_with(|serve| serve.grace(Duration::ZERO).deadline(Duration::ZERO)).await
}

fn count(monitor: &TestMonitor, status: &str) -> f64 {
    monitor.metric("job_duration_seconds_count", [("status", status)])
}

fn told(monitor: &TestMonitor, message: &str) -> Vec<Value> {
    let mut lines = monitor.lines();
    lines.retain(|line| line["message"] == message);
    for line in &mut lines {
        line["metadata"]
            .as_object_mut()
            .unwrap()
            .remove("durationMs");
    }
    lines
}

#[instrument_step]
async fn render() -> Result<(), std::io::Error> {
    std::future::pending().await
}

#[tokio::test]
async fn a_job_in_flight_is_waited_for() {
    let mut served = Served::start_with(|serve| serve.grace(Duration::ZERO).deadline(LONG)).await;
    let job = served.monitor.worker("worker").job("job-7").start();
    served.monitor.request_shutdown();
    served.closed().await;
    assert_eq!(served.told("Shutdown completed").len(), 0);
    job.completed();
    served.ended().await;
    assert_eq!(count(&served.monitor, "COMPLETED"), 1.0);
    assert_eq!(served.told("Deadline passed with work in flight").len(), 0);
}

#[tokio::test]
async fn a_job_that_is_dropped_at_the_deadline_is_told_of_by_its_step_and_counted_once() {
    let mut served = without_time().await;
    let worker = served.monitor.worker("worker");
    let job = worker.job("job-7").niche("history");
    let overdue = worker.shutdown_overdue();
    let working = tokio::spawn(async move {
        tokio::select! {
            ended = job.run(render()) => ended.unwrap(),
            () = overdue => {}
        }
    });
    served.told_of("Step started").await;
    served.monitor.request_shutdown();
    served.ended().await;
    working.await.unwrap();
    let abandoned = told(&served.monitor, "Job abandoned");
    assert_eq!(abandoned.len(), 1);
    let expected = json!({"niche": "history", "step": "render"});
    assert_eq!(abandoned[0]["metadata"], expected);
    assert_eq!(abandoned[0]["service"], "worker");
    assert_eq!(abandoned[0]["jobId"], "job-7");
    assert_eq!(told(&served.monitor, "Job failed").len(), 1);
    assert_eq!(count(&served.monitor, "CANCELLED"), 1.0);
    let last = served.told("Shutdown completed");
    assert_eq!(last[0]["metadata"]["abandonedJobs"], 1);
}

#[tokio::test]
async fn a_job_that_is_handed_back_at_the_deadline_is_not_abandoned() {
    let mut served = without_time().await;
    let job = served.monitor.job("job-7");
    let (handle, overdue) = (job.handle(), served.monitor.shutdown_overdue());
    let working = tokio::spawn(async move {
        tokio::select! {
            ended = job.run(render()) => ended.unwrap(),
            () = async { overdue.await; handle.hand_back(); } => {}
        }
    });
    served.told_of("Step started").await;
    served.monitor.request_shutdown();
    served.ended().await;
    working.await.unwrap();
    assert_eq!(told(&served.monitor, "Job abandoned"), Vec::<Value>::new());
    let failed = told(&served.monitor, "Job failed");
    assert_eq!(failed[0]["metadata"]["status"], "QUEUED");
    assert_eq!(count(&served.monitor, "CANCELLED"), 0.0);
}

#[tokio::test]
async fn a_job_that_is_held_on_to_is_told_of_where_it_stands_and_counted_when_it_is_dropped() {
    let mut served = without_time().await;
    let (release, released) = oneshot::channel::<()>();
    let job = served.monitor.job("job-7").niche("history");
    let working = tokio::spawn(async move {
        let stubborn = job.run(async {
            let mut pipeline = Pipeline::new(["parse", "render"]);
            pipeline.begin("render");
            std::future::pending::<Result<(), std::io::Error>>().await
        });
        tokio::select! {
            ended = stubborn => ended.unwrap(),
            _ = released => {}
        }
    });
    served.told_of("Job started").await;
    served.monitor.request_shutdown();
    served.ended().await;
    let abandoned = told(&served.monitor, "Job abandoned");
    assert_eq!(abandoned.len(), 1);
    let expected = json!({"niche": "history", "step": "render"});
    assert_eq!(abandoned[0]["metadata"], expected);
    assert_eq!(abandoned[0]["jobId"], "job-7");
    assert_eq!(count(&served.monitor, "CANCELLED"), 0.0);
    release.send(()).unwrap();
    working.await.unwrap();
    assert_eq!(count(&served.monitor, "CANCELLED"), 1.0);
    assert_eq!(told(&served.monitor, "Job abandoned").len(), 1);
}

#[tokio::test]
async fn a_job_that_is_over_is_no_longer_in_flight() {
    let mut served = without_time().await;
    let monitor = &served.monitor;
    monitor
        .job("job-1")
        .run(async { Ok::<_, std::io::Error>(()) })
        .await
        .unwrap();
    monitor
        .job("job-2")
        .start()
        .failed(&std::io::Error::other("broken"));
    drop(monitor.job("job-3").start());
    drop(monitor.job("job-4"));
    monitor.job("job-5").cancelled_in_queue();
    monitor.request_shutdown();
    served.ended().await;
    assert_eq!(told(&served.monitor, "Job abandoned").len(), 0);
    assert_eq!(served.told("Deadline passed with work in flight").len(), 0);
}
