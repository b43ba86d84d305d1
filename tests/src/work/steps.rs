//! Every way in which a step can end, and what it tells.

use std::{
    collections::HashMap,
    fmt,
    future::pending,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::{FutureExt as _, poll};
use monitor_layer::{Category, Sampler, TraceContext, instrument_step, testing::TestMonitor};
use serde_json::{Value, json};

use super::{DeclinedCard, ended, in_job};

fn active(monitor: &TestMonitor, step: &str) -> f64 {
    monitor.metric("pipeline_steps_active", [("step", step)])
}

fn step_lines(monitor: &TestMonitor) -> Vec<Value> {
    let is_step = |line: &Value| line["message"].as_str().unwrap().starts_with("Step");
    monitor.lines().into_iter().filter(is_step).collect()
}

#[tokio::test]
async fn a_step_that_ends_well_is_counted_as_a_success_and_writes_two_lines() {
    #[instrument_step]
    async fn render(frames: u32) -> Result<u32, io::Error> {
        tokio::task::yield_now().await;
        Ok(frames * 2)
    }

    let monitor = TestMonitor::new("api");
    assert_eq!(in_job(&monitor, render(4)).await.unwrap(), 8);
    assert_eq!(ended(&monitor, "render"), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(active(&monitor, "render"), 0.0);

    let lines = monitor.lines();
    let messages: Vec<_> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "Job started",
            "Step started",
            "Step completed",
            "Job completed"
        ]
    );
    let job = &lines[0];
    for line in &lines[1..3] {
        assert_eq!(line["level"], "info");
        assert_eq!(line["traceId"], job["traceId"]);
        assert_eq!(line["metadata"]["parentSpanId"], job["spanId"]);
        assert_eq!(line["userId"], "u-1");
        assert_eq!(line["jobId"], "job-1");
        assert_eq!(line["metadata"]["step"], "render");
    }
    assert!(lines[2]["metadata"]["durationMs"].is_number());
    assert!(monitor.errors().is_empty());
}

#[tokio::test]
async fn a_returned_error_is_counted_logged_and_captured_with_category_and_chain() {
    #[instrument_step(name = "charge")]
    async fn take_money() -> Result<(), DeclinedCard> {
        Err(DeclinedCard)
    }

    let monitor = TestMonitor::new("api");
    assert!(in_job(&monitor, take_money()).await.is_err());
    assert_eq!(ended(&monitor, "charge"), [0.0, 1.0, 0.0, 0.0]);

    let failed = &step_lines(&monitor)[1];
    assert_eq!(failed["message"], "Step failed");
    assert_eq!(failed["level"], "error");
    assert_eq!(failed["metadata"]["category"], "payment");
    assert_eq!(
        failed["metadata"]["error"],
        json!({
            "type": "DeclinedCard",
            "message": "the card was declined",
            "chain": [fmt::Error.to_string()],
        })
    );
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.trace_id.to_string(), failed["traceId"]);
    assert_eq!(event.span_id.to_string(), failed["spanId"]);
    assert_eq!(event.step.as_deref(), Some("charge"));
    assert_eq!(event.user.as_deref(), Some("u-1"));
    assert_eq!(event.job.as_deref(), Some("job-1"));
    assert_eq!(event.category, Category::Payment);
    assert_eq!(event.code.as_deref(), Some("PAYMENT_CARD_DECLINED"));
    assert_eq!(event.chain, [fmt::Error.to_string()]);
    assert_eq!(
        monitor.metric("errors_total", [("category", "payment")]),
        1.0
    );
    assert_eq!(monitor.metric("errors_total", []), 1.0);
}

#[tokio::test]
async fn a_step_whose_future_is_dropped_is_counted_as_cancelled() {
    #[instrument_step]
    async fn wait() {
        pending::<()>().await;
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let mut waiting = Box::pin(wait());
        assert!(poll!(&mut waiting).is_pending());
        assert_eq!(active(&monitor, "wait"), 1.0);
        drop(waiting);
        drop(wait()); // never polled
    })
    .await;
    assert_eq!(ended(&monitor, "wait"), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(active(&monitor, "wait"), 0.0);
    let lines = step_lines(&monitor);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["message"], "Step failed");
    assert_eq!(lines[1]["level"], "warn");
    assert_eq!(lines[1]["metadata"]["status"], "cancelled");
    assert!(monitor.errors().is_empty());
}

#[tokio::test]
async fn a_panic_is_counted_captured_and_goes_on() {
    #[instrument_step]
    async fn broken() {
        tokio::task::yield_now().await;
        panic!("out of frames");
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let payload = AssertUnwindSafe(broken()).catch_unwind().await.unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"out of frames"));
    })
    .await;
    assert_eq!(ended(&monitor, "broken"), [0.0, 0.0, 1.0, 0.0]);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(
        (event.error_type.as_str(), event.message.as_str()),
        ("panic", "out of frames")
    );
}

#[tokio::test]
async fn a_step_that_is_dropped_while_another_panics_is_no_panic() {
    #[instrument_step]
    async fn waits() {
        pending::<()>().await;
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let mut waiting = Box::pin(waits());
        assert!(poll!(&mut waiting).is_pending());
        let unwound = catch_unwind(AssertUnwindSafe(move || {
            let _dropped_by_unwinding = waiting;
            panic!("a neighbour's");
        }));
        assert!(unwound.is_err());
    })
    .await;
    assert_eq!(ended(&monitor, "waits"), [0.0, 0.0, 0.0, 1.0]);
    assert!(monitor.errors().is_empty());
}

#[tokio::test]
async fn steps_inside_of_steps_are_children_and_their_failure_is_captured_once() {
    #[instrument_step]
    async fn outer() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        inner().await?;
        Ok(())
    }
    #[instrument_step]
    async fn inner() -> Result<(), DeclinedCard> {
        Err(DeclinedCard)
    }

    let monitor = TestMonitor::new("api");
    let failed = monitor.job("job-1").run(outer()).await;
    assert!(failed.is_err());

    let spans: HashMap<_, _> = monitor
        .spans()
        .into_iter()
        .map(|span| (span.name.clone(), span))
        .collect();
    assert_eq!(
        spans["inner"].parent_span_id.as_ref(),
        Some(&spans["outer"].span_id)
    );
    assert_eq!(
        spans["outer"].parent_span_id.as_ref(),
        Some(&spans["job"].span_id)
    );
    assert_eq!(spans["job"].parent_span_id, None);
    assert!(spans.values().all(|span| !span.succeeded));

    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.step.as_deref(), Some("inner"));
    assert_eq!(monitor.metric("errors_total", []), 1.0);
}

#[tokio::test]
async fn without_a_monitor_a_step_does_its_work_in_its_trace() {
    #[instrument_step]
    async fn lonely() -> Result<Option<TraceContext>, io::Error> {
        Ok(TraceContext::current())
    }

    assert_eq!(lonely().await.unwrap(), None);
    let trace = TraceContext::root(&Sampler::default());
    let inside = trace.clone().scope(lonely()).await.unwrap().unwrap();
    assert_eq!(inside.trace_id(), trace.trace_id());
    assert_eq!(inside.parent_span_id(), Some(trace.span_id()));
}

#[tokio::test]
async fn two_monitors_count_their_own_runs_of_the_same_step() {
    #[instrument_step]
    async fn shared() {}

    let (first, second) = (TestMonitor::new("first"), TestMonitor::new("second"));
    in_job(&first, shared()).await;
    in_job(&second, shared()).await;
    in_job(&second, shared()).await;
    assert_eq!(ended(&first, "shared"), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(ended(&second, "shared"), [2.0, 0.0, 0.0, 0.0]);
}
