//! The steps of a job in their order, and how far it has come.

use std::{
    io,
    sync::{Arc, Mutex},
};

use monitor_layer::{Pipeline, Retries, testing::TestMonitor};

use super::ended;

async fn fine() -> Result<(), io::Error> {
    Ok(())
}

/// A job of three steps, and what its watcher was told.
async fn watched(monitor: &TestMonitor, work: impl AsyncFnOnce(Pipeline)) -> Vec<String> {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let telling = Arc::clone(&told);
    let job = monitor.job("job-1").on_progress(move |progress| {
        telling.lock().unwrap().push(progress.to_string());
    });
    let pipeline = Pipeline::new(["parse", "render", "store"]);
    let done = job.run(async {
        work(pipeline).await;
        fine().await
    });
    done.await.unwrap();
    let told = told.lock().unwrap();
    told.clone()
}

#[tokio::test]
async fn each_step_is_told_as_it_begins_and_is_a_step_like_any_other() {
    let monitor = TestMonitor::new("worker");
    let told = watched(&monitor, async |mut pipeline| {
        pipeline.begin("parse");
        pipeline.step("render", fine()).await.unwrap();
        let broken = async { Err::<(), _>(io::Error::other("no disk")) };
        pipeline.step("store", broken).await.unwrap_err();
    })
    .await;
    assert_eq!(
        told,
        [
            "step 1 of 3: parse",
            "step 2 of 3: render",
            "step 3 of 3: store"
        ]
    );
    assert_eq!(ended(&monitor, "render"), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(ended(&monitor, "store"), [0.0, 1.0, 0.0, 0.0]);
    assert!(!monitor.has_metric("pipeline_step_duration_seconds_count", [("step", "parse")]));
    let spans = monitor.spans();
    assert_eq!(spans[0].parent_span_id, Some(spans[2].span_id.clone()));
}

#[tokio::test]
async fn steps_may_be_left_out_or_come_again_and_unknown_ones_change_nothing() {
    let monitor = TestMonitor::new("worker");
    let told = watched(&monitor, async |mut pipeline| {
        for step in ["render", "parse", "paint", "store", "store"] {
            pipeline.begin(step);
        }
    })
    .await;
    assert_eq!(
        told,
        [
            "step 2 of 3: render",
            "step 1 of 3: parse",
            "step 3 of 3: store",
            "step 3 of 3: store",
        ]
    );
    let lines = monitor.lines();
    assert_eq!(
        lines[1]["message"],
        "paint is no step of the pipeline; expected one of parse, render, store"
    );
    assert_eq!(lines[1]["level"], "warn");
}

#[tokio::test]
async fn a_name_that_stands_there_twice_is_the_next_of_the_two() {
    let monitor = TestMonitor::new("worker");
    let job = monitor.job("job-1").start();
    let places = job.enter(|| {
        let mut pipeline = Pipeline::new(["upload", "check", "upload"]);
        ["upload", "check", "upload"].map(|step| {
            pipeline.begin(step);
            job.handle().progress().unwrap().number
        })
    });
    assert_eq!(places, [1, 2, 3]);
    job.completed();
}

#[tokio::test]
async fn each_attempt_begins_anew() {
    let monitor = TestMonitor::new("worker");
    let job = monitor.job("job-1");
    let handle = job.handle();
    let again = Retries::up_to(2).backoff(Default::default(), Default::default());
    let done = job.retry(again).when(|_: &&str| true).run(async |attempt| {
        assert_eq!(handle.progress(), None);
        Pipeline::new(["parse", "render"]).begin("render");
        assert_eq!(handle.progress().unwrap().number, 2);
        match attempt.is_last() {
            true => Ok(()),
            false => Err("busy"),
        }
    });
    done.await.unwrap();
}

#[tokio::test]
async fn a_watcher_that_panics_is_counted_and_the_job_goes_on() {
    let monitor = TestMonitor::new("worker");
    let job = monitor
        .job("job-1")
        .on_progress(|_| panic!("nobody listens"));
    let done = job.run(async { Pipeline::new(["parse"]).step("parse", fine()).await });
    done.await.unwrap();
    let observers = [("signal", "observers")];
    assert_eq!(monitor.metric("telemetry_dropped_total", observers), 1.0);
    assert_eq!(ended(&monitor, "parse"), [1.0, 0.0, 0.0, 0.0]);
}

#[tokio::test]
async fn outside_of_a_job_the_steps_are_steps_and_nobody_is_told() {
    let monitor = TestMonitor::new("worker");
    let mut pipeline = Pipeline::new(["parse"]);
    monitor.scope(pipeline.step("parse", fine())).await.unwrap();
    assert_eq!(ended(&monitor, "parse"), [1.0, 0.0, 0.0, 0.0]);
}
