//! The lines that come before a failure, in its event.

use std::io;

use axum::{Router, extract::Path, routing::get};
use http::{Method, StatusCode};
use monitor_layer::{ErrorEvent, current, instrument_step, testing::TestMonitor};
use tokio::sync::Barrier;

use crate::support::send;

fn monitor() -> TestMonitor {
    TestMonitor::capture_events();
    TestMonitor::new("api")
}

fn messages(event: &ErrorEvent) -> Vec<String> {
    let breadcrumbs = event.breadcrumbs.iter();
    breadcrumbs.map(|line| line.message.clone()).collect()
}

#[tokio::test]
async fn an_event_has_the_lines_of_its_request_before_it_with_their_fields() {
    #[instrument_step]
    async fn load() -> Result<(), io::Error> {
        tracing::warn!(
            attempt = 2,
            api_token = "s3cr3t",
            "postgres://me:hunter2@db is slow"
        );
        Err(io::Error::other("no disk"))
    }
    let monitor = monitor();
    let app: Router = Router::new()
        .route(
            "/load",
            get(async || {
                tracing::info!("Loading");
                let _ = load().await;
                tracing::info!("After it");
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/load").await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(
        messages(&event),
        ["Loading", "postgres://me:[REDACTED]@db is slow"]
    );
    let last = &event.breadcrumbs[1];
    assert_eq!((last.level, last.target), ("warn", module_path!()));
    assert_eq!(
        last.fields,
        r#""attempt":2,"api_token":"[REDACTED]","step":"load""#
    );
}

#[tokio::test]
async fn two_requests_at_once_on_one_thread_share_nothing() {
    let monitor = monitor();
    let both = std::sync::Arc::new(Barrier::new(2));
    let app: Router = Router::new()
        .route(
            "/{who}",
            get(async move |Path(who): Path<String>| {
                current().user(who.clone()).tag("who", who.clone());
                tracing::info!("First of {who}");
                both.wait().await;
                let spawned = current().scope(async {
                    tracing::info!("Elsewhere of {}", "it");
                });
                tokio::spawn(spawned).await.unwrap();
                both.wait().await;
                tracing::info!("Last of {who}");
                both.wait().await;
                StatusCode::BAD_GATEWAY
            }),
        )
        .layer(monitor.layer());
    tokio::join!(send(&app, Method::GET, "/a"), send(&app, Method::GET, "/b"));
    let events = monitor.errors();
    assert_eq!(events.len(), 2);
    for event in events {
        let who = event.user.clone().unwrap();
        assert_eq!(
            messages(&event),
            [
                format!("First of {who}"),
                "Elsewhere of it".to_owned(),
                format!("Last of {who}")
            ]
        );
        assert_eq!(event.tags, [("who".to_owned(), who)]);
    }
}

#[tokio::test]
async fn a_job_inside_of_a_request_has_its_own() {
    let monitor = monitor();
    let jobs = monitor.clone();
    let app: Router = Router::new()
        .route(
            "/run",
            get(async move || {
                tracing::info!("Of the request");
                let job = jobs.job("job-1").run(async {
                    tracing::info!("Of the job");
                    Err::<(), _>(io::Error::other("no disk"))
                });
                let _ = job.await;
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/run").await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(messages(&event), ["Of the job"]);
}

#[tokio::test]
async fn what_is_not_logged_is_in_no_event() {
    TestMonitor::capture_events();
    let monitor = TestMonitor::build("api", |builder| builder.log_level("info")).unwrap();
    let job = monitor.job("job-1").run(async {
        tracing::debug!("Hidden");
        tracing::info!("Shown");
        Err::<(), _>(io::Error::other("no disk"))
    });
    job.await.unwrap_err();
    assert_eq!(messages(&monitor.errors()[0]), ["Shown"]);
}
