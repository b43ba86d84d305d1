//! What reaches a Sentry server, over HTTP.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use monitor_layer::{Categorize, instrument_step, testing::TestMonitor};
use serde_json::Value;

use crate::support::{Server, eventually};

/// Bodies of the envelopes that came in.
pub(super) type Envelopes = Arc<Mutex<Vec<String>>>;

/// Takes envelopes as Sentry does.
pub(super) async fn ingest() -> (Server, Envelopes) {
    let envelopes = Envelopes::default();
    let app = Router::new()
        .route(
            "/api/{project}/envelope/",
            post(async |State(envelopes): State<Envelopes>, body: Bytes| {
                let text = String::from_utf8(body.to_vec()).unwrap();
                envelopes.lock().unwrap().push(text);
                "{}"
            }),
        )
        .with_state(Arc::clone(&envelopes));
    (Server::start(app).await, envelopes)
}

pub(super) fn events(envelopes: &Envelopes) -> Vec<Value> {
    let mut items = items(envelopes);
    items.retain(|item| item["event_id"].is_string() && item["exception"].is_object());
    items
}

/// All that came in, headers too.
pub(super) fn items(envelopes: &Envelopes) -> Vec<Value> {
    let envelopes = envelopes.lock().unwrap();
    let lines = envelopes.iter().flat_map(|envelope| envelope.lines());
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[derive(Debug)]
struct LostAsset(io::Error);

impl std::fmt::Display for LostAsset {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the asset is lost")
    }
}

impl std::error::Error for LostAsset {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Categorize for LostAsset {
    fn code(&self) -> Option<&str> {
        Some("PIPELINE_ASSET_LOST")
    }
}

#[instrument_step]
async fn render() -> Result<(), LostAsset> {
    monitor_layer::current().tag("plan", "pro");
    Err(LostAsset(io::Error::other("no disk")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_arrives_once_with_its_whole_context() {
    let (server, envelopes) = ingest().await;
    let dsn = format!("http://key@{}/42", server.address);
    let monitor =
        TestMonitor::build("api", |builder| builder.version("1.2.3").sentry_dsn(dsn)).unwrap();
    let job = monitor
        .worker("worker")
        .job("job-1")
        .niche("finance")
        .user("u-1");
    job.run(render()).await.unwrap_err();
    monitor.shutdown(Duration::from_secs(10)).await;

    let event = eventually("the event to arrive", || events(&envelopes).pop()).await;
    assert_eq!(events(&envelopes).len(), 1);
    let failed = monitor
        .lines()
        .into_iter()
        .find(|line| line["message"] == "Step failed")
        .unwrap();
    assert_eq!(event["contexts"]["trace"]["trace_id"], failed["traceId"]);
    assert_eq!(event["contexts"]["trace"]["span_id"], failed["spanId"]);
    assert_eq!(event["user"]["id"], "u-1");
    assert_eq!(event["transaction"], "job finance");
    assert_eq!(event["environment"], "test");
    assert_eq!(event["release"], "1.2.3");
    assert!(event["server_name"].is_string());
    assert_eq!(event["platform"], "native");
    let fingerprint = ["pipeline", "PIPELINE_ASSET_LOST", "render"];
    assert_eq!(event["fingerprint"], serde_json::json!(fingerprint));
    for (tag, value) in [
        ("service", "worker"),
        ("category", "pipeline"),
        ("code", "PIPELINE_ASSET_LOST"),
        ("step", "render"),
        ("jobId", "job-1"),
        ("attempt", "1"),
        ("plan", "pro"),
    ] {
        assert_eq!(event["tags"][tag], value, "{tag}");
    }
    let exceptions = event["exception"]["values"].as_array().unwrap();
    let told: Vec<_> = exceptions
        .iter()
        .map(|exception| {
            (
                exception["type"].as_str().unwrap(),
                exception["value"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [("source", "no disk"), ("LostAsset", "the asset is lost")]
    );
}

#[tokio::test]
async fn without_a_dsn_a_failure_is_still_logged_and_counted() {
    let monitor = TestMonitor::new("api");
    monitor.job("job-1").run(render()).await.unwrap_err();
    assert_eq!(
        monitor.metric("errors_total", [("category", "pipeline")]),
        1.0
    );
    let messages: Vec<_> = monitor
        .lines()
        .iter()
        .map(|line| line["message"].clone())
        .collect();
    assert_eq!(
        messages,
        ["Job started", "Step started", "Step failed", "Job failed"]
    );
}

#[test]
fn a_dsn_that_is_none_stops_the_start_without_being_printed() {
    let refused = TestMonitor::build("api", |builder| builder.sentry_dsn("s3cr3t://key"));
    let message = refused.unwrap_err().to_string();
    assert_eq!(
        message,
        "SENTRY_DSN is no DSN; expected https://<key>@<host>/<project>"
    );
}
