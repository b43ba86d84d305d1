//! What `/ready` and `/health` answer.

use std::{io, time::Duration};

use http::Method;
use monitor_layer::{HealthCheck, testing::TestMonitor};

use super::{Dependency, ask, fine, ready, told};

async fn gone() -> io::Result<()> {
    Err(io::Error::other(
        "postgres://app:hunter2@db.internal refused",
    ))
}

#[tokio::test(start_paused = true)]
async fn ready_tells_each_check_in_the_order_of_the_builder_and_no_error_text() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.check("database", gone).check("assets", fine)
    })
    .unwrap();
    let answer = ready(&monitor).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(
        answer.text,
        r#"{"ready":false,"checks":{"database":{"healthy":false,"latency":0},"assets":{"healthy":true,"latency":0}}}"#
    );
    let status = |check| monitor.metric("health_check_status", [("check", check)]);
    assert_eq!((status("database"), status("assets")), (0.0, 1.0));
    assert!(monitor.has_metric("health_check_status", [("check", "database")]));
}

#[tokio::test(start_paused = true)]
async fn a_service_without_checks_is_ready() {
    let answer = ready(&TestMonitor::new("api")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text, r#"{"ready":true,"checks":{}}"#);
}

#[tokio::test(start_paused = true)]
async fn why_a_check_fails_is_told_in_the_log_without_secrets() {
    let monitor = TestMonitor::build("api", |builder| builder.check("database", gone)).unwrap();
    ready(&monitor).await;
    let lines = monitor.raw_lines();
    assert_eq!(lines.len(), 1);
    let (_, line) = lines[0].split_once(r#"Z","#).unwrap();
    assert_eq!(
        line.trim_end(),
        r#""level":"warn","message":"Health check failed","service":"api","env":"test","metadata":{"check":"database","status":"unhealthy","problem":"postgres://app:[REDACTED]@db.internal refused"}}"#
    );
}

#[tokio::test(start_paused = true)]
async fn an_optional_check_is_shown_and_measured_and_the_service_ready_without_it() {
    let monitor = TestMonitor::build("api", |builder| {
        builder
            .check("cache", HealthCheck::new(gone).optional())
            .check("database", fine)
    })
    .unwrap();
    let answer = ready(&monitor).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text,
        r#"{"ready":true,"checks":{"cache":{"healthy":false,"latency":0,"optional":true},"database":{"healthy":true,"latency":0}}}"#
    );
    let labels = [("check", "cache")];
    assert!(monitor.has_metric("health_check_status", labels));
    assert_eq!(monitor.metric("health_check_status", labels), 0.0);
    assert_eq!(told(&monitor, "check"), ["failed: cache"]);
}

#[tokio::test(start_paused = true)]
async fn each_run_is_measured() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.check("slow", || async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            fine().await
        })
    })
    .unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let runs = monitor.metric("health_check_duration_seconds_count", [("check", "slow")]);
    assert!((10.0..=14.0).contains(&runs), "{runs}");
    let slower = [("check", "slow"), ("le", "0.01")];
    let faster = [("check", "slow"), ("le", "0.1")];
    let bucket = |labels| monitor.metric("health_check_duration_seconds_bucket", labels);
    assert_eq!((bucket(slower), bucket(faster)), (0.0, runs));
    let answer = ready(&monitor).await;
    assert!(answer.text.contains(r#""latency":5"#), "{}", answer.text);
}

#[tokio::test(start_paused = true)]
async fn health_answers_without_asking_a_check() {
    let dependency = Dependency::default();
    dependency.set_down(true);
    let monitor = TestMonitor::build("api", |builder| {
        builder.check("database", dependency.check())
    })
    .unwrap();
    let answer = ask(&monitor, Method::GET, "/health").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.starts_with(r#"{"status":"ok","timestamp":""#));
    assert!(answer.text.ends_with(r#"Z"}"#), "{}", answer.text);
    assert_eq!(dependency.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_head_is_answered_as_a_get_without_its_body_and_nothing_is_to_be_kept() {
    let monitor = TestMonitor::build("api", |builder| builder.check("database", gone)).unwrap();
    for path in ["/ready", "/health"] {
        let whole = ask(&monitor, Method::GET, path).await;
        let head = ask(&monitor, Method::HEAD, path).await;
        assert_eq!((head.status, head.text.as_str()), (whole.status, ""));
        assert_eq!(head.headers["content-length"], whole.text.len().to_string());
        assert_eq!(head.headers["cache-control"], "no-store");
        assert_eq!(whole.headers["cache-control"], "no-store");
        let refused = ask(&monitor, Method::POST, path).await;
        assert_eq!(refused.status, 405);
        assert_eq!(refused.headers["allow"], "GET, HEAD");
    }
}
