//! What a Sentry-compatible server makes of our events: read back over its API, they say what was meant.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Path, routing::get};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use monitor_layer::{current, instrument_step, testing::TestMonitor};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tower::ServiceExt as _;

use crate::parts::{Bugsink, Demo, Http, until};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// The types and texts of an event's exceptions, innermost first.
fn exceptions(event: &Value) -> Vec<(&str, &str)> {
    let exceptions = event["exception"]["values"].as_array().unwrap().iter();
    exceptions
        .map(|exception| {
            (
                exception["type"].as_str().unwrap(),
                exception["value"].as_str().unwrap(),
            )
        })
        .collect()
}

/// Tags come as an object or as pairs.
fn tags(event: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match &event["tags"] {
        Value::Object(tags) => tags
            .iter()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
        pairs => {
            let pairs = pairs.as_array().unwrap().iter();
            pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
        }
    }
}

fn breadcrumbs(event: &Value) -> Vec<&str> {
    let list = match &event["breadcrumbs"] {
        Value::Object(object) => &object["values"],
        list => list,
    };
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_failed_job_of_the_demo_is_an_event_with_its_whole_context() {
    let Some(bugsink) = tokio::task::spawn_blocking(Bugsink::start).await.unwrap() else {
        return;
    };
    let variables = [
        ("SENTRY_DSN", bugsink.dsn.clone()),
        ("APP_ENV", "staging".to_owned()),
    ];
    let mut demo = Demo::start_with(&variables).await;
    let http = Http::new();
    let job = json!({"title": "Salt", "niche": "history", "user": "u-1", "script": "[image: missing.gif]"});
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}/jobs", demo.url))
        .header("content-type", "application/json")
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .body(Full::from(job.to_string()).boxed_unsync());
    let answer = http.send(request.unwrap()).await.unwrap();
    let id = answer.json()["jobId"].as_str().unwrap().to_owned();
    until("the job to fail", async || {
        let answer = http.get(&format!("{}/jobs/{id}", demo.url)).await?;
        match answer.json()["status"].as_str() {
            Some("FAILED") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    demo.terminate();
    assert!(demo.stopped().await, "what waits is sent before it stops");

    let events = bugsink.events(1).await;
    let [event] = events.as_slice() else {
        panic!("one failure is one event: {events:?}");
    };
    let lines = demo.lines();
    let failed = lines
        .iter()
        .find(|line| line["message"] == "Step failed")
        .unwrap();
    assert_eq!(event["contexts"]["trace"]["trace_id"], TRACE);
    assert_eq!(event["contexts"]["trace"]["trace_id"], failed["traceId"]);
    assert_eq!(event["contexts"]["trace"]["span_id"], failed["spanId"]);
    assert_eq!(event["user"]["id"], "u-1");
    assert_eq!(event["transaction"], "job history");
    assert_eq!(event["environment"], "staging");
    assert_eq!(event["release"], env!("CARGO_PKG_VERSION"));
    assert!(event["server_name"].is_string());
    let told = exceptions(event);
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].0, "source", "the I/O error");
    assert_eq!(
        told[1],
        (
            "PipelineError",
            "the image \"missing.gif\" is not among the assets"
        )
    );
    let tags = tags(event);
    for (tag, value) in [
        ("service", "worker"),
        ("category", "pipeline"),
        ("code", "PIPELINE_ASSET_MISSING"),
        ("step", failed["metadata"]["step"].as_str().unwrap()),
        ("jobId", &*id),
        ("attempt", "1"),
        ("traceId", TRACE),
    ] {
        assert_eq!(tags.get(tag).map(String::as_str), Some(value), "{tag}");
    }
}

#[tokio::test]
async fn two_requests_at_once_share_nothing_in_their_events() {
    #[instrument_step]
    async fn load(who: &str) -> Result<(), std::io::Error> {
        Err(std::io::Error::other(format!("{who} has no disk")))
    }
    let Some(bugsink) = tokio::task::spawn_blocking(Bugsink::start).await.unwrap() else {
        return;
    };
    TestMonitor::capture_events();
    let dsn = bugsink.dsn.clone();
    let monitor = TestMonitor::build("api", |builder| builder.sentry_dsn(dsn)).unwrap();
    let both = Arc::new(Barrier::new(2));
    let app: Router = Router::new()
        .route(
            "/{who}",
            get(async move |Path(who): Path<String>| {
                current().user(who.clone()).tag("who", who.clone());
                tracing::info!("First of {who}");
                both.wait().await;
                tracing::warn!(attempt = 2, "Last of {who}");
                both.wait().await;
                let _ = load(&who).await;
                StatusCode::BAD_GATEWAY
            }),
        )
        .layer(monitor.layer());
    let ask = |path| {
        app.clone()
            .oneshot(Request::get(path).body(Body::empty()).unwrap())
    };
    let (a, b) = tokio::join!(ask("/a"), ask("/b"));
    drop((a.unwrap(), b.unwrap()));
    monitor.shutdown(Duration::from_secs(20)).await;

    let events = bugsink.events(2).await;
    assert_eq!(events.len(), 2);
    for event in &events {
        let who = event["user"]["id"].as_str().unwrap();
        assert_eq!(
            exceptions(event),
            [("io::Error", &*format!("{who} has no disk"))]
        );
        assert_eq!(
            breadcrumbs(event),
            [format!("First of {who}"), format!("Last of {who}")]
        );
        assert_eq!(tags(event)["who"], who);
        let mut lines = monitor.lines().into_iter();
        let line = lines
            .find(|line| line["message"] == format!("First of {who}"))
            .unwrap();
        assert_eq!(event["contexts"]["trace"]["trace_id"], line["traceId"]);
    }
}
