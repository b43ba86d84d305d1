//! That the demo's streams do not keep it from stopping.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

use crate::parts::{Demo, Http, health_client};

/// What the demo gives to requests in flight; one that would not end is cut off then.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn who_watches_over_grpc_is_told_that_the_demo_stops_and_let_go() {
    let mut demo = Demo::start().await;
    let mut client = health_client(&demo.url).await;
    let watching = client.watch(HealthCheckRequest::default()).await.unwrap();
    let mut watching = watching.into_inner();
    let serving = watching.message().await.unwrap().unwrap();
    assert_eq!(serving.status(), ServingStatus::Serving);
    let asked = Instant::now();
    demo.terminate();
    let mut last = serving;
    while let Some(response) = watching.message().await.unwrap() {
        last = response;
    }
    assert_eq!(last.status(), ServingStatus::NotServing);
    assert!(demo.stopped().await);
    assert!(asked.elapsed() < GRACE, "{:?}", asked.elapsed());
}

#[tokio::test]
async fn who_watches_a_job_is_let_go_when_the_demo_stops() {
    let (mut demo, http) = (Demo::start().await, Http::new());
    let job = json!({"title": "Salt", "niche": "history", "script": "[pause: 30s]"}).to_string();
    let jobs = format!("{}/jobs", demo.url);
    let accepted = http.ask(Method::POST, &jobs, job).await.json();
    let events = format!("{jobs}/{}/events", accepted["jobId"].as_str().unwrap());
    let watching = tokio::spawn(async move { http.get(&events).await });
    demo.logged("Request started", "/jobs/{id}/events").await;
    let asked = Instant::now();
    demo.terminate();
    let watched = watching.await.unwrap().unwrap();
    assert_eq!(watched.headers["content-type"], "text/event-stream");
    assert!(asked.elapsed() < GRACE, "{:?}", asked.elapsed());
    assert!(demo.stopped().await);
}
