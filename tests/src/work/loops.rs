//! A worker as one writes it with tokio alone: a channel, a loop, and a table of what failed.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use monitor_layer::{Retries, TraceContext, instrument_step, testing::TestMonitor};
use tokio::sync::mpsc;

use super::ends;

/// A row of the table.
struct Message {
    id: String,
    trace: BTreeMap<String, String>,
    enqueued: SystemTime,
    attempts: u32,
    first_started: Option<SystemTime>,
}

#[instrument_step]
async fn render(id: &str) -> Result<(), String> {
    let attempt = monitor_layer::current().attempt().unwrap();
    match (id, attempt.number()) {
        ("poison", _) => Err("PIPELINE_POISON: it never works".to_owned()),
        ("flaky", 1) => Err("PIPELINE_BUSY: not now".to_owned()),
        _ => Ok(()),
    }
}

/// Works until the queue is empty; gives back what was set aside.
async fn work(
    monitor: &TestMonitor,
    mut messages: mpsc::UnboundedReceiver<Message>,
) -> Vec<String> {
    let mut set_aside = Vec::new();
    let mut waiting = Vec::new();
    let retries = Retries::up_to(3).backoff(Duration::from_millis(1), Duration::from_millis(5));
    loop {
        let next = messages.try_recv().ok().or_else(|| waiting.pop());
        let Some(mut message) = next else {
            return set_aside;
        };
        message.attempts += 1;
        let first_started = *message.first_started.get_or_insert_with(SystemTime::now);
        let job = monitor.job(message.id.as_str()).niche("history");
        let job = job
            .continue_from(&message.trace)
            .enqueued_at(message.enqueued);
        let job = job
            .attempt(message.attempts)
            .first_started_at(first_started);
        let attempt = job.retry(retries).when(|_: &String| true);
        match attempt.run_attempt(render(&message.id)).await {
            Ok(()) => {}
            Err(error) if error.is_last() => set_aside.push(message.id),
            Err(_) => waiting.push(message),
        }
    }
}

#[tokio::test]
async fn a_table_of_attempts_and_a_loop_are_a_worker() {
    let monitor = TestMonitor::new("worker");
    let (queue, messages) = mpsc::unbounded_channel();
    let request = TraceContext::root(&Default::default());
    for id in ["fine", "flaky", "poison"] {
        let message = Message {
            id: id.to_owned(),
            trace: request.to_carrier(),
            enqueued: SystemTime::now(),
            attempts: 0,
            first_started: None,
        };
        assert!(queue.send(message).is_ok());
    }
    assert_eq!(work(&monitor, messages).await, ["poison"]);
    assert_eq!(ends(&monitor, "history"), [2.0, 1.0, 0.0]);
    assert_eq!(monitor.metric("job_queue_wait_seconds_count", []), 3.0);
    let trace = request.trace_id().to_string();
    let attempts = |id: &str| {
        let lines = monitor.lines();
        let of_job = lines.iter().filter(|line| line["jobId"] == id);
        let started = of_job.filter(|line| line["message"] == "Job started");
        started.filter(|line| line["traceId"] == *trace).count()
    };
    assert_eq!(["fine", "flaky", "poison"].map(attempts), [1, 2, 3]);
}
