//! That the demo stops when it is asked to: its streams do not keep it, and those who are impatient ask again.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

use crate::parts::{Demo, Http, health_client, until};

/// What the demo gives to requests in flight; one that would not end is cut off then.
const GRACE: Duration = Duration::from_secs(5);
const LONG: &str = "600";

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

#[tokio::test]
async fn a_second_signal_ends_the_grace_time_and_a_third_one_hands_the_jobs_back() {
    let times = [("GRACE_SECONDS", LONG), ("DEADLINE_SECONDS", LONG)];
    let times = times.map(|(name, value)| (name, value.to_owned()));
    let (mut demo, http) = (Demo::start_with(&times).await, Http::new());
    let job = json!({"title": "Salt", "niche": "history", "script": "[pause: 30s]"}).to_string();
    http.ask(Method::POST, &format!("{}/jobs", demo.url), job)
        .await;
    demo.told("Job started").await;
    demo.terminate();
    demo.told("Shutdown requested").await;
    let ready = http.get(&format!("{}/ready", demo.url)).await.unwrap();
    assert_eq!(ready.status, 503);
    demo.terminate();
    until("connections to be refused", async || {
        let answered = http.get(&format!("{}/health", demo.url)).await;
        answered
            .err()
            .map(drop)
            .ok_or_else(|| "answered".to_owned())
    })
    .await;
    demo.terminate();
    assert!(demo.stopped().await);
    let lines = demo.last_lines();
    let told = |message: &str| {
        lines
            .iter()
            .filter(|line| line["message"] == message)
            .count()
    };
    assert_eq!(told("Deadline passed with work in flight"), 1);
    assert_eq!(told("Job abandoned"), 0);
    let failed = lines
        .iter()
        .find(|line| line["message"] == "Job failed")
        .unwrap();
    assert_eq!(failed["metadata"]["status"], "QUEUED");
    assert_eq!(lines.last().unwrap()["message"], "Shutdown completed");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn where_descriptors_run_out_connections_are_accepted_again_once_there_are_some() {
    let (demo, http) = (Demo::start().await, Http::new());
    let process = demo.process_id();
    let health = format!("{}/health", demo.url);
    http.get(&health).await.unwrap();
    let open = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .count();
    let limited = std::process::Command::new("prlimit")
        .args([format!("--nofile={}", open + 4), format!("--pid={process}")])
        .status()
        .unwrap();
    assert!(limited.success());
    let address = demo.url.strip_prefix("http://").unwrap();
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(tokio::net::TcpStream::connect(address).await.unwrap());
    }
    demo.told("No connection can be accepted: ").await;
    drop(held);
    assert_eq!(Http::new().get(&health).await.unwrap().status, 200);
}
