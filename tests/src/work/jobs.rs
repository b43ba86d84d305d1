//! Every way in which a job can end, and what it tells.

use std::{collections::BTreeMap, future::pending, io, time::Duration};

use futures_util::{FutureExt as _, poll};
use monitor_layer::{TraceContext, testing::TestMonitor};

use super::ends;

const UUID: &str = "0af76519-16cd-43dd-8448-eb211c80319c";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

async fn fine() -> Result<u8, io::Error> {
    Ok(7)
}

#[tokio::test]
async fn a_job_is_measured_once_by_its_end_and_its_wait() {
    let monitor = TestMonitor::new("api");
    let job = monitor
        .job("job-1")
        .niche("finance")
        .queued_for(Duration::from_secs(20));
    assert_eq!(job.run(fine()).await.unwrap(), 7);
    assert_eq!(ends(&monitor, "finance"), [1.0, 0.0, 0.0]);
    let wait = |name| monitor.metric(name, [("niche", "finance")]);
    assert_eq!(wait("job_queue_wait_seconds_count"), 1.0);
    assert_eq!(wait("job_queue_wait_seconds_sum"), 20.0);
}

#[tokio::test]
async fn a_job_that_fails_is_logged_and_captured_under_its_niche() {
    let monitor = TestMonitor::new("api");
    let broken = async { Err::<(), _>(io::Error::other("PIPELINE_LOST: no disk")) };
    monitor
        .worker("worker")
        .job("job-1")
        .niche("horror")
        .run(broken)
        .await
        .unwrap_err();
    assert_eq!(ends(&monitor, "horror"), [0.0, 1.0, 0.0]);
    let lines = monitor.lines();
    assert_eq!(lines[1]["message"], "Job failed");
    assert_eq!(lines[1]["level"], "error");
    assert_eq!(lines[1]["service"], "worker");
    assert_eq!(lines[1]["jobId"], "job-1");
    assert_eq!(lines[1]["metadata"]["category"], "pipeline");
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.service, "worker");
    assert_eq!(event.transaction, "job horror");
    assert_eq!(event.code.as_deref(), Some("PIPELINE_LOST"));
}

#[tokio::test]
async fn a_job_that_panics_has_failed_and_the_panic_goes_on() {
    let monitor = TestMonitor::new("api");
    let job = monitor.job("job-1").niche("history");
    let work = async {
        tokio::task::yield_now().await;
        assert!(monitor.lines().is_empty(), "out of paper");
        fine().await
    };
    let unwound = std::panic::AssertUnwindSafe(job.run(work))
        .catch_unwind()
        .await;
    assert!(unwound.is_err());
    assert_eq!(ends(&monitor, "history"), [0.0, 1.0, 0.0]);
    assert_eq!(monitor.errors()[0].error_type, "panic");
}

#[tokio::test]
async fn a_job_that_is_dropped_is_cancelled_and_one_that_never_ran_is_nothing() {
    let monitor = TestMonitor::new("api");
    let job = || monitor.job("job-1").niche("science");
    drop(job().run(fine()));
    assert!(!monitor.has_metric("job_duration_seconds_count", []));

    let mut waiting = Box::pin(job().run(pending::<Result<(), io::Error>>()));
    assert!(poll!(&mut waiting).is_pending());
    drop(waiting);
    assert_eq!(ends(&monitor, "science"), [0.0, 0.0, 1.0]);
    assert_eq!(monitor.lines()[1]["level"], "warn");
    assert!(monitor.errors().is_empty());
}

#[tokio::test]
async fn a_job_that_is_cancelled_in_the_queue_took_no_time() {
    let monitor = TestMonitor::new("api");
    monitor
        .job("job-1")
        .niche("motivation")
        .cancelled_in_queue();
    assert_eq!(ends(&monitor, "motivation"), [0.0, 0.0, 1.0]);
    assert_eq!(monitor.metric("job_duration_seconds_sum", []), 0.0);
    assert_eq!(monitor.lines().len(), 1);
}

#[tokio::test]
async fn a_job_takes_its_trace_from_the_message_else_from_its_uuid_else_starts_one() {
    let monitor = TestMonitor::new("api");
    let trace = async || {
        let context = TraceContext::current().unwrap();
        Ok::<_, io::Error>((
            context.trace_id().to_string(),
            context.parent_span_id().is_some(),
        ))
    };
    let carrier = BTreeMap::from([(
        "traceparent".to_owned(),
        "00-11111111111111111111111111111111-2222222222222222-01".to_owned(),
    )]);
    let continued = monitor
        .job(UUID)
        .continue_from(&carrier)
        .run(trace())
        .await
        .unwrap();
    assert_eq!(continued, ("1".repeat(32), true));

    let nothing = BTreeMap::from([("traceparent".to_owned(), "garbage".to_owned())]);
    let named = monitor
        .job(UUID)
        .continue_from(&nothing)
        .run(trace())
        .await
        .unwrap();
    assert_eq!(named, (TRACE.to_owned(), false));

    let (started, has_parent) = monitor.job("job-1").run(trace()).await.unwrap();
    assert_ne!(started, TRACE);
    assert!(!has_parent);
}

#[tokio::test]
async fn a_job_that_is_linked_to_a_message_has_a_trace_of_its_own() {
    let monitor = TestMonitor::new("api");
    let carrier = BTreeMap::from([(
        "traceparent".to_owned(),
        "00-11111111111111111111111111111111-2222222222222222-01".to_owned(),
    )]);
    let context = async || Ok::<_, io::Error>(TraceContext::current().unwrap());
    let linked = async |id: &str, carrier: &BTreeMap<String, String>| {
        let job = monitor.job(id).link_to(carrier);
        job.run(context()).await.unwrap()
    };
    for id in ["job-1", UUID] {
        let own = monitor.scope(linked(id, &carrier)).await;
        assert_eq!(own.trace_id().to_string() == TRACE, id == UUID);
        assert_ne!(own.trace_id().to_string(), "1".repeat(32));
        assert_eq!(own.parent_span_id(), None);
        let link = own.link().unwrap();
        assert_eq!(link.trace_id.to_string(), "1".repeat(32));
        assert_eq!(link.span_id.to_string(), "2".repeat(16));
    }
    // Nor is it part of what is current where the message tells of nothing.
    let alone = monitor.scope(linked("job-1", &BTreeMap::new())).await;
    assert_eq!((alone.parent_span_id(), alone.link()), (None, None));
}

#[tokio::test]
async fn niches_past_the_budget_count_as_other() {
    let monitor = TestMonitor::build("api", |builder| builder.label_budget(2)).unwrap();
    for niche in ["a", "b", "c", "d", "a"] {
        monitor.job("job-1").niche(niche).run(fine()).await.unwrap();
    }
    assert_eq!(ends(&monitor, "a"), [2.0, 0.0, 0.0]);
    assert_eq!(ends(&monitor, "_other"), [2.0, 0.0, 0.0]);
    assert!(!monitor.has_metric("job_duration_seconds_count", [("niche", "c")]));
    let overflow = [("metric", "job_duration_seconds"), ("label", "niche")];
    assert!(monitor.metric("metrics_label_overflow_total", overflow) >= 2.0);
}
