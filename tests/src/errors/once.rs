//! Never two events of one failure, however many see it.

use std::io;

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use monitor_layer::{instrument_step, testing::TestMonitor};

use crate::support::send;

#[instrument_step]
async fn load() -> Result<(), io::Error> {
    Err(io::Error::other("no disk"))
}

async fn handler() -> StatusCode {
    match load().await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[tokio::test]
async fn a_failed_step_whose_answer_is_a_500_makes_one_event() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route("/load", get(handler))
        .layer(monitor.layer());
    send(&app, Method::GET, "/load").await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.step.as_deref(), Some("load"));
    assert_eq!(event.route.as_deref(), Some("/load"));
    send(&app, Method::GET, "/load").await;
    assert_eq!(
        monitor.errors().len(),
        2,
        "each request's failure is its own"
    );
}

#[tokio::test]
async fn a_panic_inside_of_a_step_inside_of_a_handler_makes_one_event() {
    #[instrument_step]
    async fn broken() {
        panic!("out of frames");
    }

    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route("/broken", get(broken))
        .layer(monitor.layer());
    assert_eq!(send(&app, Method::GET, "/broken").await.status, 500);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.step.as_deref(), Some("broken"));
    assert_eq!(monitor.metric("errors_total", []), 1.0);
}

#[tokio::test]
async fn a_job_that_fails_inside_of_a_request_makes_one_event() {
    let monitor = TestMonitor::new("api");
    let jobs = monitor.clone();
    let app: Router = Router::new()
        .route(
            "/run",
            get(async move || {
                let _ = jobs.job("job-1").run(load()).await;
                StatusCode::BAD_GATEWAY
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/run").await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.job.as_deref(), Some("job-1"));
}

#[tokio::test]
async fn two_different_failures_of_one_request_make_two_events() {
    #[instrument_step]
    async fn save(attempt: u8) -> Result<(), io::Error> {
        Err(io::Error::other(format!("attempt {attempt} failed")))
    }

    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route(
            "/save",
            get(async || {
                let _ = (save(1).await, save(2).await);
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/save").await;
    assert_eq!(monitor.errors().len(), 2);
}

#[tokio::test]
async fn secrets_are_in_no_event() {
    #[instrument_step]
    async fn connect() -> Result<(), io::Error> {
        monitor_layer::current()
            .tag("apiKey", "s3cr3t")
            .tag("plan", "pro");
        Err(io::Error::other("postgres://me:hunter2@db refused"))
    }

    let monitor = TestMonitor::new("api");
    let _ = monitor.job("job-1").run(connect()).await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.message, "postgres://me:[REDACTED]@db refused");
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        event.tags,
        [tag("apiKey", "[REDACTED]"), tag("plan", "pro")]
    );
    for line in monitor.raw_lines() {
        assert!(
            !line.contains("hunter2") && !line.contains("s3cr3t"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn tries_that_fail_alike_are_each_a_failure() {
    #[instrument_step]
    async fn connect() -> Result<(), io::Error> {
        Err(io::Error::other("connection refused"))
    }
    #[instrument_step]
    async fn connect_thrice() -> Result<(), io::Error> {
        let _ = connect().await;
        let _ = connect().await;
        connect().await
    }

    let monitor = TestMonitor::new("api");
    monitor
        .job("job-1")
        .run(connect_thrice())
        .await
        .unwrap_err();
    assert_eq!(monitor.metric("errors_total", []), 3.0);
    assert!(
        monitor
            .errors()
            .iter()
            .all(|event| event.step.as_deref() == Some("connect"))
    );
}

#[tokio::test]
async fn a_job_inside_of_a_job_inside_of_a_request_makes_one_event() {
    let monitor = TestMonitor::new("api");
    let jobs = monitor.clone();
    let app: Router = Router::new()
        .route(
            "/run",
            get(async move || {
                let inner = jobs.job("inner").run(load());
                match jobs.job("outer").run(inner).await {
                    Ok(()) => StatusCode::OK,
                    Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
                }
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/run").await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.job.as_deref(), Some("inner"));
}

#[tokio::test]
async fn a_long_line_of_jobs_each_started_by_the_one_before_keeps_none_of_them() {
    async fn next(monitor: &TestMonitor) -> Result<monitor_layer::Current, io::Error> {
        let job = monitor.job("job-1");
        job.run(async { Ok(monitor_layer::current()) }).await
    }

    let monitor = TestMonitor::build("api", |builder| builder.log_level("off")).unwrap();
    let mut last = next(&monitor).await.unwrap();
    for _ in 0..100_000 {
        last = last.scope(next(&monitor)).await.unwrap();
    }
    drop(last);
}

#[tokio::test]
async fn a_panic_s_text_tells_its_category_as_an_error_s_does() {
    #[instrument_step]
    async fn charge() {
        panic!("PAYMENT_DECLINED: no funds");
    }

    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route("/charge", get(charge))
        .layer(monitor.layer());
    send(&app, Method::GET, "/charge").await;
    assert_eq!(
        monitor.metric("errors_total", [("category", "payment")]),
        1.0
    );
}

#[tokio::test]
async fn a_failure_counts_as_the_same_wherever_it_is_told_of() {
    #[derive(Debug)]
    struct Declined;
    impl std::fmt::Display for Declined {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("the card was declined")
        }
    }
    impl std::error::Error for Declined {}
    impl monitor_layer::Categorize for Declined {
        fn code(&self) -> Option<&str> {
            Some("PAYMENT_DECLINED")
        }
    }
    #[instrument_step]
    async fn charge() -> Result<(), Declined> {
        Err(Declined)
    }
    #[instrument_step]
    async fn checkout() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(charge().await?)
    }
    async fn handler() -> StatusCode {
        checkout()
            .await
            .map_or(StatusCode::BAD_GATEWAY, |()| StatusCode::OK)
    }

    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route("/checkout", get(handler))
        .layer(monitor.layer());
    send(&app, Method::GET, "/checkout").await;
    let categories: Vec<_> = monitor
        .lines()
        .iter()
        .filter(|line| line["level"] == "error")
        .map(|line| line["metadata"]["category"].clone())
        .collect();
    assert_eq!(categories, ["payment", "payment", "payment"]);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.transaction, "GET /checkout");
}
