//! What other libraries mix up between requests, tasks and threads, by the numbers of the issues that tell of it
//! (getsentry/sentry-rust).

use std::{io, sync::Arc, thread};

use axum::{Router, extract::Path, routing::get};
use futures_util::future::join_all;
use http::{Method, StatusCode};
use monitor_layer::{ErrorEvent, current, testing::TestMonitor};
use tokio::sync::Barrier;

use crate::support::send;

fn monitor() -> TestMonitor {
    TestMonitor::capture_events();
    TestMonitor::new("api")
}

fn messages(event: &ErrorEvent) -> Vec<&str> {
    let breadcrumbs = event.breadcrumbs.iter();
    breadcrumbs.map(|line| line.message.as_str()).collect()
}

/// 399: requests one after the other on one thread.
#[tokio::test]
async fn nothing_of_a_request_is_left_for_the_next_ones() {
    let monitor = monitor();
    let app: Router = Router::new()
        .route(
            "/{number}",
            get(async |Path(number): Path<usize>| {
                tracing::info!("At {number}");
                if number < 200 {
                    current().user("u-1").tag(format!("of {number}"), "1");
                    return StatusCode::OK;
                }
                StatusCode::BAD_GATEWAY
            }),
        )
        .layer(monitor.layer());
    for number in 0..=200 {
        send(&app, Method::GET, &format!("/{number}")).await;
    }
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!((event.user.as_deref(), event.tags.len()), (None, 0));
    assert_eq!(messages(&event), ["At 200"]);
}

/// 507: futures that take turns in one task.
#[tokio::test]
async fn jobs_that_take_turns_in_one_task_share_nothing() {
    let monitor = monitor();
    let together = Arc::new(Barrier::new(20));
    let jobs = (0..20).map(|number| {
        let together = Arc::clone(&together);
        monitor.job(format!("job-{number}")).run(async move {
            current().tag("number", number.to_string());
            tracing::info!("First of {number}");
            together.wait().await;
            tracing::info!("Last of {number}");
            together.wait().await;
            let code = char::from(b'a' + number);
            Err::<(), _>(io::Error::other(format!("lost by {code}")))
        })
    });
    join_all(jobs).await;
    let events = monitor.errors();
    assert_eq!(events.len(), 20);
    for event in &events {
        let job = event.job.as_deref().unwrap();
        let number = job.strip_prefix("job-").unwrap();
        assert_eq!(event.tags, [("number".to_owned(), number.to_owned())]);
        assert_eq!(
            messages(event),
            [format!("First of {number}"), format!("Last of {number}")]
        );
    }
}

/// 946: one span that several threads are in at once.
#[tokio::test]
async fn a_span_that_several_threads_enter_at_once_stays_its_request_s() {
    let monitor = monitor();
    let app: Router = Router::new()
        .route(
            "/{who}",
            get(async |Path(who): Path<String>| {
                current().tag("who", who.clone());
                let span = tracing::info_span!("shared");
                thread::scope(|threads| {
                    for _ in 0..8 {
                        let (span, current) = (span.clone(), current());
                        threads.spawn(move || {
                            current.enter(|| span.in_scope(|| tracing::info!("Inside")));
                        });
                    }
                });
                tracing::info!("After {who}");
                StatusCode::BAD_GATEWAY
            }),
        )
        .layer(monitor.layer());
    for who in ["a", "b"] {
        send(&app, Method::GET, &format!("/{who}")).await;
        let event = monitor.errors().pop().unwrap();
        assert_eq!(event.tags, [("who".to_owned(), who.to_owned())]);
        let messages = messages(&event);
        assert_eq!((messages.len(), messages[8]), (9, &*format!("After {who}")));
        assert!(messages[..8].iter().all(|message| *message == "Inside"));
    }
}

/// 1280: tasks of one request that write to it at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_tasks_add_at_once_is_all_there() {
    let monitor = monitor();
    let app: Router = Router::new()
        .route(
            "/",
            get(async || {
                let add = |number: usize| {
                    let add = async move { current().tag(number.to_string(), "1") };
                    tokio::spawn(current().scope(add))
                };
                for added in join_all((0..200).map(add)).await {
                    drop(added.unwrap());
                }
                StatusCode::BAD_GATEWAY
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/").await;
    assert_eq!(monitor.errors()[0].tags.len(), 200);
}

#[tokio::test]
async fn a_user_s_own_sentry_scope_never_shows_in_our_events() {
    let (server, envelopes) = super::sentry::ingest().await;
    let dsn = format!("http://key@{}/42", server.address);
    let monitor = TestMonitor::build("api", |builder| builder.sentry_dsn(dsn)).unwrap();
    let job = monitor.job("job-1").run(async {
        sentry::configure_scope(|scope| {
            scope.set_tag("of", "the user's");
            scope.set_user(Some(sentry::User {
                id: Some("u-2".to_owned()),
                ..sentry::User::default()
            }));
        });
        sentry::add_breadcrumb(sentry::Breadcrumb::default());
        Err::<(), _>(io::Error::other("no disk"))
    });
    job.await.unwrap_err();
    monitor.shutdown(std::time::Duration::from_secs(20)).await;
    let event = super::sentry::events(&envelopes).pop().unwrap();
    assert!(
        event["tags"].get("of").is_none() && event["user"].is_null(),
        "{event}"
    );
    assert!(event["breadcrumbs"].is_null(), "{event}");
}
