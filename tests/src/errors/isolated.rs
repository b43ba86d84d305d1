//! `MonitorBuilder::isolate`: what code of the user's tells the Sentry SDK itself.

use std::{io, sync::Arc, time::Duration};

use axum::{Router, extract::Path, routing::get};
use futures_util::future::join_all;
use http::{Method, StatusCode};
use monitor_layer::{MonitorBuilder, current, instrument_step, testing::TestMonitor};
use sentry::{
    Breadcrumb, Hub,
    protocol::{Context, Map},
};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::sentry::{Envelopes, events, ingest, items};
use crate::support::{Server, eventually, send};

/// A monitor whose error events go to a server.
async fn monitor(set: fn(MonitorBuilder) -> MonitorBuilder) -> (TestMonitor, Server, Envelopes) {
    let (server, envelopes) = ingest().await;
    let dsn = format!("http://key@{}/42", server.address);
    let monitor = TestMonitor::build("api", |builder| set(builder.sentry_dsn(dsn))).unwrap();
    (monitor, server, envelopes)
}

fn isolated(builder: MonitorBuilder) -> MonitorBuilder {
    builder.isolate(true)
}

async fn arrived(envelopes: &Envelopes, count: usize) -> Vec<Value> {
    let all = || Some(events(envelopes)).filter(|events| events.len() == count);
    eventually("error events to arrive", all).await
}

fn line(monitor: &TestMonitor, message: &str) -> Value {
    let lines = monitor.lines();
    let mut lines = lines.into_iter();
    lines.find(|line| line["message"] == message).unwrap()
}

fn tag(key: &str, value: &str) {
    Hub::current().configure_scope(|scope| scope.set_tag(key, value));
}

fn crumbs(event: &Value) -> Vec<&str> {
    let crumbs = event["breadcrumbs"]["values"].as_array();
    let messages = crumbs.into_iter().flatten();
    messages
        .map(|crumb| crumb["message"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_take_turns_have_each_its_own_scope() {
    let (monitor, _server, envelopes) = monitor(isolated).await;
    let together = Arc::new(Barrier::new(8));
    let handler = {
        async move |Path(number): Path<usize>| {
            tag("number", &number.to_string());
            sentry::add_breadcrumb(Breadcrumb {
                message: Some(format!("first of {number}")),
                ..Breadcrumb::default()
            });
            together.wait().await;
            sentry::add_breadcrumb(Breadcrumb {
                message: Some(format!("last of {number}")),
                ..Breadcrumb::default()
            });
            together.wait().await;
            let error = io::Error::other(format!("lost by {number}"));
            monitor_layer::capture_error(&error).fingerprint([number.to_string()]);
            StatusCode::OK
        }
    };
    let app: Router = Router::new()
        .route("/{number}", get(handler))
        .layer(monitor.layer());
    let paths: Vec<_> = (0..8).map(|number| format!("/{number}")).collect();
    join_all(paths.iter().map(|path| send(&app, Method::GET, path))).await;
    for event in arrived(&envelopes, 8).await {
        let number = event["fingerprint"][0].as_str().unwrap();
        assert_eq!(event["tags"]["number"], number);
        let expected = [format!("first of {number}"), format!("last of {number}")];
        assert_eq!(crumbs(&event), expected);
    }
}

#[tokio::test]
async fn without_it_nothing_of_the_sdk_s_scope_stands_in_our_events() {
    let (monitor, _server, envelopes) = monitor(|builder| builder).await;
    tag("left", "by nobody");
    let job = monitor.job("job-1").run(async {
        tag("number", "1");
        Err::<(), _>(io::Error::other("lost"))
    });
    job.await.unwrap_err();
    let [event] = arrived(&envelopes, 1).await.try_into().unwrap();
    assert_eq!(event["tags"]["left"], Value::Null);
    assert_eq!(event["tags"]["number"], Value::Null);
}

#[instrument_step]
async fn render() -> Result<(), io::Error> {
    tag("step", "the user's");
    tag("scene", "7");
    Err(io::Error::other("lost"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_we_know_wins_and_secrets_are_redacted() {
    let (monitor, _server, envelopes) = monitor(isolated).await;
    let job = monitor.job("job-1").user("u-1").run(async {
        current().tag("plan", "pro");
        Hub::current().configure_scope(|scope| {
            scope.set_tag("plan", "free");
            scope.set_tag("note", "Bearer abcdefgh12345678");
            scope.set_extra("db", json!({"password": "hunter2", "hosts": ["a", "b"]}));
            scope.set_context(
                "payment",
                Context::Other(Map::from([
                    ("api_token".to_owned(), json!(["t-1"])),
                    ("cents".to_owned(), json!(5)),
                ])),
            );
            scope.set_user(Some(sentry::User {
                id: Some("somebody".to_owned()),
                email: Some("a@example.org".to_owned()),
                ..sentry::User::default()
            }));
            scope.set_level(Some(sentry::Level::Debug));
        });
        // On another thread, as part of the job.
        tokio::spawn(current().scope(render())).await.unwrap()
    });
    job.await.unwrap_err();
    let [event] = arrived(&envelopes, 1).await.try_into().unwrap();
    let failed = line(&monitor, "Step failed");
    let tags = &event["tags"];
    let shown = [&tags["plan"], &tags["step"], &tags["scene"], &tags["note"]];
    assert_eq!(shown, ["pro", "render", "7", "Bearer [REDACTED]"]);
    assert_eq!(
        event["extra"]["db"],
        json!({"password": "[REDACTED]", "hosts": ["a", "b"]})
    );
    let payment = json!({"api_token": ["[REDACTED]"], "cents": 5, "type": "unknown"});
    assert_eq!(event["contexts"]["payment"], payment);
    assert_eq!(
        event["user"],
        json!({"id": "u-1", "email": "a@example.org"})
    );
    // An error: the one that is not written.
    assert_eq!(event["level"], Value::Null);
    let trace = &event["contexts"]["trace"];
    assert_eq!(trace["trace_id"], failed["traceId"]);
    assert_eq!(trace["span_id"], failed["spanId"]);
}

#[tokio::test]
async fn a_job_within_a_request_has_what_that_was_told_and_keeps_its_own() {
    let (monitor, _server, envelopes) = monitor(isolated).await;
    let inner = monitor.worker("worker");
    let app: Router = Router::new()
        .route(
            "/",
            get(async move || {
                tag("outer", "1");
                let job = inner.job("job-1").run(async {
                    tag("inner", "1");
                    Err::<(), _>(io::Error::other("lost"))
                });
                let _ = job.await;
                monitor_layer::capture_message("after it");
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/").await;
    let events = arrived(&envelopes, 2).await;
    let inner: Vec<_> = events.iter().map(|event| &event["tags"]["inner"]).collect();
    let outer: Vec<_> = events.iter().map(|event| &event["tags"]["outer"]).collect();
    assert_eq!(inner, [&json!("1"), &Value::Null]);
    assert_eq!(outer, [&json!("1"), &json!("1")]);
}

#[tokio::test]
async fn what_the_sdk_is_given_has_our_ids_and_goes_where_our_events_go() {
    let (monitor, _server, envelopes) = monitor(isolated).await;
    let job = monitor.job("job-1").run(async {
        let told = "by the SDK: Bearer abcdefgh12345678";
        sentry::capture_message(told, sentry::Level::Info);
        Ok::<_, io::Error>(())
    });
    job.await.unwrap();
    let told = || {
        let mut items = items(&envelopes);
        items.retain(|item| item["message"] == "by the SDK: Bearer [REDACTED]");
        items.pop()
    };
    let line = line(&monitor, "Job completed");
    let told = eventually("the message to arrive", told).await;
    let trace = &told["contexts"]["trace"];
    assert_eq!(trace["trace_id"], line["traceId"]);
    assert_eq!(trace["span_id"], line["spanId"]);
}

#[tokio::test]
async fn an_event_processor_that_panics_loses_the_event_and_it_is_counted() {
    let (monitor, _server, envelopes) = monitor(isolated).await;
    for processor in [true, false] {
        let job = monitor.job("job-1").run(async move {
            Hub::current().configure_scope(|scope| {
                scope.add_event_processor(move |event| match processor {
                    true => panic!("in the processor"),
                    false => Some(event),
                });
            });
            Err::<(), _>(io::Error::other(format!("lost by {processor}")))
        });
        job.await.unwrap_err();
    }
    arrived(&envelopes, 1).await;
    monitor.shutdown(Duration::from_secs(5)).await;
    assert_eq!(events(&envelopes).len(), 1);
    assert_eq!(
        monitor.metric("telemetry_dropped_total", [("signal", "errors")]),
        1.0
    );
}
