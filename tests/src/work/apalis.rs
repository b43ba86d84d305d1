//! Jobs of an apalis worker, which gives failed tasks out again itself.

use std::time::Duration;

use apalis::prelude::{
    Attempt, BoxDynError, Data, MemoryStorage, RetryPolicy, TaskId, TaskSink as _, WorkerBuilder,
    WorkerBuilderExt as _, WorkerContext,
};
use monitor_layer::{Retries, instrument_step, testing::TestMonitor};

use super::ends;

/// As many as the worker's policy makes.
const ATTEMPTS: u32 = 3;

#[instrument_step]
async fn render(scenes: u32) -> Result<u32, String> {
    let attempt = monitor_layer::current().attempt().unwrap().number();
    match scenes {
        0 => Err("PIPELINE_EMPTY: nothing to render".to_owned()),
        1 if attempt < ATTEMPTS => Err("PIPELINE_BUSY: not now".to_owned()),
        scenes => Ok(scenes),
    }
}

async fn handle(
    scenes: u32,
    id: TaskId,
    attempt: Attempt,
    monitor: Data<TestMonitor>,
    worker: WorkerContext,
) -> Result<(), BoxDynError> {
    let job = monitor.job(id.to_string()).niche("history");
    let job = job.attempt(attempt.current() as u32);
    let attempts = Retries::up_to(ATTEMPTS).after_panics();
    let rendered = job.retry(attempts).when(|_: &String| true);
    let rendered = rendered.run_attempt(render(scenes)).await;
    let ended = ends(&monitor, "history").iter().sum::<f64>();
    if ended == 3.0 {
        worker.stop()?;
    }
    Ok(rendered.map(drop).map_err(|error| error.error)?)
}

#[tokio::test]
async fn tasks_of_an_apalis_worker_are_jobs_whose_last_attempt_alone_is_an_alarm() {
    let monitor = TestMonitor::new("worker");
    let mut storage = MemoryStorage::new();
    for scenes in [7, 1, 0] {
        storage.push(scenes).await.unwrap();
    }
    let worker = WorkerBuilder::new("renderer")
        .backend(storage)
        .data(monitor.clone())
        .retry(RetryPolicy::retries(ATTEMPTS as usize - 1))
        .build(handle);
    let worked = tokio::time::timeout(Duration::from_secs(20), worker.run());
    worked.await.unwrap().unwrap();

    assert_eq!(ends(&monitor, "history"), [2.0, 1.0, 0.0]);
    assert_eq!(super::ended(&monitor, "render"), [2.0, 5.0, 0.0, 0.0]);
    let failed = |level| {
        let lines = monitor.lines();
        let failed = lines.iter().filter(|line| line["message"] == "Job failed");
        failed.filter(|line| line["level"] == level).count()
    };
    assert_eq!((failed("warn"), failed("error")), (4, 1));
}
