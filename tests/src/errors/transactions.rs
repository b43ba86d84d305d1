//! Requests and jobs as Sentry transactions.

use std::time::Duration;

use axum::{Router, extract::Path, routing::get};
use http::{Method, StatusCode};
use monitor_layer::{
    MonitorBuilder, Sampler, TraceContext, current, instrument_step, testing::TestMonitor,
};
use serde_json::Value;

use super::sentry::{Envelopes, ingest, items};
use crate::support::{Server, send};

async fn monitor(
    configure: impl FnOnce(MonitorBuilder) -> MonitorBuilder,
) -> (TestMonitor, Server, Envelopes) {
    let (server, envelopes) = ingest().await;
    let dsn = format!("http://key@{}/42", server.address);
    let configure = |builder: MonitorBuilder| configure(builder.sentry_dsn(dsn).version("1.2.3"));
    (
        TestMonitor::build("api", configure).unwrap(),
        server,
        envelopes,
    )
}

async fn transactions(monitor: &TestMonitor, envelopes: &Envelopes) -> Vec<Value> {
    monitor.shutdown(Duration::from_secs(20)).await;
    let mut items = items(envelopes);
    items.retain(|item| item["start_timestamp"].is_number());
    items
}

#[instrument_step]
async fn load() {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_one_with_its_steps_as_spans_and_the_log_s_ids() {
    let (monitor, _server, envelopes) =
        monitor(|builder| builder.sentry_traces_sample_rate(1.0)).await;
    let app: Router = Router::new()
        .route(
            "/load/{id}",
            get(async |Path(_): Path<u8>| {
                current()
                    .user("u-1")
                    .tag("plan", "pro")
                    .tag("apiKey", "s3cr3t");
                load().await;
                StatusCode::NOT_FOUND
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/load/7").await;
    let [transaction] = transactions(&monitor, &envelopes).await.try_into().unwrap();
    assert_eq!(transaction["transaction"], "GET /load/{id}");
    let lines = monitor.lines();
    let line = |message: &str| {
        lines
            .iter()
            .find(|line| line["message"] == message)
            .unwrap()
    };
    let (request, step) = (line("Request completed"), line("Step completed"));
    let trace = &transaction["contexts"]["trace"];
    assert_eq!(
        (&trace["trace_id"], &trace["span_id"]),
        (&request["traceId"], &request["spanId"])
    );
    assert_eq!(
        (&trace["op"], &trace["status"]),
        (&"http.server".into(), &"not_found".into())
    );
    let [span] = transaction["spans"].as_array().unwrap().as_slice() else {
        panic!("one span: {transaction}");
    };
    assert_eq!(
        (&span["span_id"], &span["parent_span_id"]),
        (&step["spanId"], &request["spanId"])
    );
    assert_eq!(
        (&span["description"], &span["status"]),
        (&"load".into(), &"ok".into())
    );
    assert_eq!(
        (&transaction["tags"]["plan"], &transaction["tags"]["apiKey"]),
        (&"pro".into(), &"[REDACTED]".into())
    );
    assert_eq!(
        (&transaction["user"]["id"], &transaction["release"]),
        (&"u-1".into(), &"1.2.3".into())
    );
    let seconds = |key: &str| transaction[key].as_f64();
    assert!(seconds("start_timestamp").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_one_and_its_failure_its_status() {
    let (monitor, _server, envelopes) =
        monitor(|builder| builder.sentry_traces_sample_rate(1.0)).await;
    let job = monitor.worker("worker").job("job-1").niche("finance");
    job.run(async { Err::<(), _>("broken".to_owned()) })
        .await
        .unwrap_err();
    let [transaction] = transactions(&monitor, &envelopes).await.try_into().unwrap();
    assert_eq!(transaction["transaction"], "job finance");
    assert_eq!(transaction["contexts"]["trace"]["status"], "internal_error");
    assert_eq!(
        (
            &transaction["tags"]["jobId"],
            &transaction["tags"]["service"]
        ),
        (&"job-1".into(), &"worker".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_share_is_of_trace_ids_as_that_of_what_is_sampled() {
    let (monitor, _server, envelopes) =
        monitor(|builder| builder.sentry_traces_sample_rate(0.3).sample_ratio(0.5)).await;
    let sampler = Sampler::ratio(0.3).unwrap();
    let mut expected = Vec::new();
    for _ in 0..100 {
        let job = monitor
            .job("job-1")
            .run(async { Ok::<_, std::io::Error>(TraceContext::current().unwrap()) });
        let context = job.await.unwrap();
        if sampler.decide(context.trace_id()) {
            assert!(
                context.is_sampled(),
                "the smaller share lies within the larger one"
            );
            expected.push(context.trace_id().to_string());
        }
    }
    let sent = transactions(&monitor, &envelopes).await;
    let sent = sent
        .iter()
        .map(|it| it["contexts"]["trace"]["trace_id"].as_str().unwrap());
    assert_eq!(sent.collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_of_0_sends_none() {
    let (monitor, _server, envelopes) =
        monitor(|builder| builder.sentry_traces_sample_rate(0.0)).await;
    for _ in 0..20 {
        monitor
            .job("job-1")
            .run(async { Ok::<_, std::io::Error>(()) })
            .await
            .unwrap();
    }
    assert!(transactions(&monitor, &envelopes).await.is_empty());
}

#[test]
fn a_rate_that_is_none_stops_the_start() {
    let refused = TestMonitor::build("api", |builder| builder.sentry_traces_sample_rate(1.5));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the sample rate of Sentry transactions is 1.5; expected a number from 0 to 1"
    );
}
