//! When the event of a failure is sent, and what it tells by then.

use std::io;

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use monitor_layer::{ErrorLevel, UnmeasuredLayer, current, instrument_step, testing::TestMonitor};

use crate::support::send;

#[instrument_step]
async fn load(what: u64) -> Result<(), io::Error> {
    Err(io::Error::other(format!("{what} is lost")))
}

/// Letters alone: what differs by digits is alike.
fn word(number: u64) -> String {
    let letter = |digit: u8| char::from(b'a' + digit - b'0');
    number.to_string().bytes().map(letter).collect()
}

fn counted(monitor: &TestMonitor) -> f64 {
    monitor.metric("errors_total", [])
}

#[tokio::test]
async fn a_failure_is_counted_where_it_happens_and_sent_when_its_request_is_over() {
    let monitor = TestMonitor::new("api");
    let seen = monitor.clone();
    let app: Router = Router::new()
        .route(
            "/load/{id}",
            get(async move || {
                let _ = load(1).await;
                assert_eq!((counted(&seen), seen.errors().len()), (1.0, 0));
                current().user("u-1").tag("plan", "pro");
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/load/7").await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(counted(&monitor), 1.0);
    assert_eq!(event.user.as_deref(), Some("u-1"), "named after it failed");
    assert_eq!(event.tags, [("plan".to_owned(), "pro".to_owned())]);
    assert_eq!(event.transaction, "GET /load/{id}");
    assert_eq!(event.level, ErrorLevel::Error);
}

#[tokio::test]
async fn the_route_that_only_the_answer_tells_stands_in_what_failed_before() {
    let monitor = TestMonitor::new("api");
    let inner: Router = Router::new()
        .route(
            "/load/{id}",
            get(async || load(1).await.map_err(|_| StatusCode::BAD_GATEWAY)),
        )
        .route_layer(monitor_layer::RouteLayer::new());
    let app = tower::ServiceBuilder::new()
        .layer(monitor.layer())
        .service(inner);
    let request = http::Request::get("/load/7")
        .body(axum::body::Body::empty())
        .unwrap();
    drop(tower::ServiceExt::oneshot(app, request).await.unwrap());
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.transaction, "GET /load/{id}");
}

#[tokio::test]
async fn outside_of_requests_and_jobs_it_is_sent_at_once() {
    #[instrument_step]
    async fn outer() -> Result<(), io::Error> {
        load(1).await
    }
    let monitor = TestMonitor::new("api");
    let seen = monitor.clone();
    let work = async move {
        let _ = load(1).await;
        assert_eq!(seen.errors().len(), 1);
        let _ = outer().await;
    };
    monitor.scope(work).await;
    assert_eq!(
        monitor.errors().len(),
        2,
        "and once, however many steps it went through"
    );
    assert_eq!(counted(&monitor), 2.0);
}

#[tokio::test]
async fn what_fails_after_its_request_is_over_is_sent_at_once() {
    let monitor = TestMonitor::new("api");
    let (go_on, waits) = tokio::sync::oneshot::channel::<()>();
    let (spawned, taken) = std::sync::mpsc::channel();
    let waits = std::sync::Arc::new(std::sync::Mutex::new(Some(waits)));
    let app: Router = Router::new()
        .route(
            "/load",
            get(async move || {
                let waits = waits.lock().unwrap().take().unwrap();
                let late = current().user("u-1").scope(async {
                    waits.await.unwrap();
                    let _ = load(2).await;
                    current()
                });
                spawned.send(tokio::spawn(late)).unwrap();
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/load").await;
    go_on.send(()).unwrap();
    // Held, so that its end is not what sends it.
    let _held = taken.recv().unwrap().await.unwrap();
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.user.as_deref(), Some("u-1"));
}

#[tokio::test]
async fn what_waits_in_a_request_that_nobody_measures_is_sent_when_that_is_gone() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route(
            "/load",
            get(async || {
                let _ = load(1).await;
            }),
        )
        .layer(UnmeasuredLayer::new())
        .layer(monitor.layer());
    send(&app, Method::GET, "/load").await;
    assert_eq!((counted(&monitor), monitor.errors().len()), (1.0, 1));
}

#[tokio::test]
async fn of_any_number_of_failures_in_one_request_none_is_lost() {
    #[instrument_step]
    async fn fail(what: String) -> Result<(), io::Error> {
        Err(io::Error::other(what))
    }
    let monitor = TestMonitor::new("api");
    let seen = monitor.clone();
    let app: Router = Router::new()
        .route(
            "/load",
            get(async move || {
                for number in 0..500 {
                    let _ = fail(word(number)).await;
                }
                assert!(seen.errors().len() > 400, "a few wait, the others are sent");
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/load").await;
    let messages: Vec<_> = monitor
        .errors()
        .into_iter()
        .map(|event| event.message)
        .collect();
    let expected: Vec<_> = (0..500).map(word).collect();
    assert_eq!(messages, expected);
    assert_eq!(counted(&monitor), 500.0);
    assert_eq!(
        monitor.metric("telemetry_dropped_total", [("signal", "errors")]),
        0.0
    );
}

#[tokio::test]
async fn a_job_s_failures_are_sent_at_its_end_and_a_request_s_around_it_are_not() {
    let monitor = TestMonitor::new("api");
    let (seen, jobs) = (monitor.clone(), monitor.clone());
    let app: Router = Router::new()
        .route(
            "/run",
            get(async move || {
                let _ = load(1).await;
                let run = jobs.job("job-1").niche("finance").run(load(2));
                let _ = run.await;
                let [event] = seen.errors().try_into().unwrap();
                assert_eq!(event.transaction, "job finance");
                assert_eq!(
                    (event.job.as_deref(), event.attempt),
                    (Some("job-1"), Some(1))
                );
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/run").await;
    assert_eq!(monitor.errors()[1].transaction, "GET /run");
    assert_eq!(monitor.errors().len(), 2);
}

#[tokio::test]
async fn a_flush_sends_what_waits_for_an_end_that_may_not_come() {
    let monitor = TestMonitor::new("api");
    let seen = monitor.clone();
    let job = monitor.job("job-1").run(async move {
        let _ = load(1).await;
        seen.flush(std::time::Duration::from_secs(20));
        let sent = seen.errors().len();
        let _ = load(2).await;
        assert_eq!(
            (sent, seen.errors().len()),
            (1, 1),
            "what comes after it waits again"
        );
        Ok::<_, io::Error>(())
    });
    job.await.unwrap();
    assert_eq!(monitor.errors().len(), 2);
}
