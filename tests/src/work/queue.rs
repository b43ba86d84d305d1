//! One trace from the request across the queue into the steps, and into the captured error.

use std::{
    collections::{BTreeMap, HashMap},
    io,
};

use axum::{Router, body::Body, routing::post};
use http::Request;
use monitor_layer::{Sampler, TraceContext, instrument_step, testing::TestMonitor};
use tokio::sync::mpsc;

use crate::support::send_request;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[instrument_step]
async fn render() -> Result<(), io::Error> {
    tracing::info!("Rendering");
    Err(io::Error::other("PIPELINE_ASSET_MISSING: sun.gif"))
}

#[tokio::test]
async fn a_request_s_trace_id_is_in_answer_lines_job_steps_and_error() {
    TestMonitor::capture_events();
    let monitor = TestMonitor::new("api");
    let (queue, mut messages) = mpsc::unbounded_channel::<BTreeMap<String, String>>();
    let app: Router = Router::new()
        .route(
            "/jobs",
            post(async move || {
                let trace = TraceContext::current().unwrap().to_carrier();
                queue.send(trace).unwrap();
            }),
        )
        .layer(monitor.layer());
    let worker = monitor.worker("worker");
    let working = tokio::spawn(async move {
        let trace = messages.recv().await.unwrap();
        let job = worker.job("job-1").user("u-1").continue_from(&trace);
        job.run(render()).await.unwrap_err();
    });

    let request = Request::post("/jobs")
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .header("tracestate", "vendor=1")
        .body(Body::empty())
        .unwrap();
    let answer = send_request(&app, request).await;
    working.await.unwrap();

    assert_eq!(answer.headers["x-trace-id"], TRACE);
    let lines = monitor.lines();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["message"].as_str().unwrap(),
                line["service"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Request started", "api"),
            ("Request completed", "api"),
            ("Job started", "worker"),
            ("Step started", "worker"),
            ("Rendering", "worker"),
            ("Step failed", "worker"),
            ("Job failed", "worker"),
        ]
    );
    assert!(lines.iter().all(|line| line["traceId"] == TRACE));
    assert_eq!(lines[2]["metadata"]["parentSpanId"], lines[0]["spanId"]);
    assert_eq!(lines[4]["spanId"], lines[3]["spanId"]);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.trace_id.to_string(), TRACE);
    assert_eq!(event.step.as_deref(), Some("render"));
}

#[tokio::test]
async fn a_job_goes_on_with_the_message_s_trace_whatever_kind_of_headers_it_has() {
    let monitor = TestMonitor::new("worker");
    let caller = TraceContext::root(&Sampler::ratio(1.0).unwrap());
    let mut headers = http::HeaderMap::new();
    caller.inject(&mut headers);
    headers.insert("tracestate", "vendor=1".parse().unwrap());
    let sender = TraceContext::from_headers(&headers, &Sampler::default()).context;
    let map = sender.to_carrier();
    let mut pairs = vec![("content-type".to_owned(), "text/plain".to_owned())];
    pairs.extend(map.clone());
    let hashed: HashMap<String, String> = map.clone().into_iter().collect();
    let jobs = [
        monitor.job("job-1").continue_from(&map),
        monitor.job("job-2").continue_from(&pairs),
        monitor.job("job-3").continue_from(&pairs[..]),
        monitor.job("job-4").continue_from(&hashed),
    ];
    for job in jobs {
        let current = job.run(async { Ok::<_, io::Error>(TraceContext::current().unwrap()) });
        let current = current.await.unwrap();
        assert_eq!(current.trace_id(), caller.trace_id());
        assert_eq!(current.parent_span_id(), Some(sender.span_id()));
        assert_eq!(current.tracestate().unwrap().as_str(), "vendor=1");
        assert!(current.is_sampled());
    }
}
