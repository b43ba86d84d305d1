//! Lines of exchanges that stay or go together.

use std::{io, time::Duration};

use axum::{Router, body::Body, routing::get};
use futures_util::FutureExt as _;
use http::{Request, Response, StatusCode};
use monitor_layer::{
    AccessLog, Monitor, MonitorBuilder, UnmeasuredLayer, instrument_step, testing::TestMonitor,
};
use serde_json::Value;
use tokio::sync::oneshot;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use crate::support::{Chunks, dropped_lines, send_request};

/// Trace ids of which one lies outside of every share but the whole, the other within every one but none.
const OUTSIDE: &str = "00000000000000010000000000000001";
const WITHIN: &str = "0000000000000001ffffffffffffffff";

/// The lines of an exchange in which all is well.
const ALL: [&str; 5] = [
    "Request started",
    "Begins",
    "Step started",
    "Step completed",
    "Request completed",
];

fn monitor(configure: impl FnOnce(MonitorBuilder) -> MonitorBuilder) -> TestMonitor {
    TestMonitor::capture_events();
    TestMonitor::build("api", |builder| {
        configure(builder.sample_ratio(0.0).log_ratio(0.1))
    })
    .unwrap()
}

#[instrument_step]
async fn work() {}

async fn begin() {
    tracing::debug!("Begins");
    work().await;
}

fn app(monitor: &TestMonitor) -> Router {
    let answer = |status: StatusCode| {
        get(async move || {
            begin().await;
            status
        })
    };
    Router::new()
        .route("/well", answer(StatusCode::OK))
        .route("/missing", answer(StatusCode::NOT_FOUND))
        .route("/broken", answer(StatusCode::BAD_GATEWAY))
        .route(
            "/panics",
            get(async || -> StatusCode {
                begin().await;
                panic!("no disk")
            }),
        )
        .route(
            "/warns",
            get(async || {
                begin().await;
                tracing::warn!("Warned");
                tracing::info!("Goes on");
            }),
        )
        .route(
            "/streams",
            get(async || {
                begin().await;
                Response::new(Body::new(Chunks::new().data("part").forever()))
            }),
        )
        .layer(monitor.layer())
}

fn request(path: &str, trace_id: &str, flags: &str) -> Request<Body> {
    Request::get(path)
        .header(
            "traceparent",
            format!("00-{trace_id}-00000000000000aa-{flags}"),
        )
        .body(Body::empty())
        .unwrap()
}

async fn ask(app: &Router, path: &str, trace_id: &str) {
    send_request(app, request(path, trace_id, "00")).await;
}

fn messages(monitor: &TestMonitor) -> Vec<String> {
    let lines = monitor.lines().into_iter();
    lines
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect()
}

/// How many exchanges the last one stands for, as its line says.
fn adjusted_count(monitor: &TestMonitor) -> Value {
    let last = monitor.lines().pop().unwrap();
    assert_eq!(last["message"], "Request completed");
    last["metadata"]["adjustedCount"].clone()
}

#[tokio::test]
async fn a_healthy_exchange_outside_of_the_share_writes_nothing_and_is_measured_like_others() {
    let monitor = monitor(|builder| builder);
    let app = app(&monitor);
    ask(&app, "/well", OUTSIDE).await;
    ask(&app, "/missing", OUTSIDE).await;
    assert_eq!(messages(&monitor), [""; 0]);
    assert_eq!(monitor.metric("http_requests_total", []), 2.0);
    assert_eq!(
        monitor.metric("pipeline_step_duration_seconds_count", []),
        2.0
    );
    assert_eq!(dropped_lines(&monitor), 0);
}

#[tokio::test]
async fn one_within_it_writes_all_of_its_lines_and_says_how_many_it_stands_for() {
    let monitor = monitor(|builder| builder);
    ask(&app(&monitor), "/well", WITHIN).await;
    assert_eq!(messages(&monitor), ALL);
    assert_eq!(adjusted_count(&monitor), 10);
}

#[tokio::test]
async fn one_that_is_sampled_writes_all_of_its_lines_for_which_others_stand() {
    let monitor = monitor(|builder| builder);
    send_request(&app(&monitor), request("/well", OUTSIDE, "01")).await;
    assert_eq!(messages(&monitor), ALL);
    assert_eq!(adjusted_count(&monitor), 0);
}

#[tokio::test]
async fn nothing_is_thinned_where_no_ratio_is_set() {
    TestMonitor::capture_events();
    let monitor = TestMonitor::build("api", |builder| builder.sample_ratio(0.0)).unwrap();
    ask(&app(&monitor), "/well", OUTSIDE).await;
    assert_eq!(messages(&monitor), ALL);
    assert_eq!(adjusted_count(&monitor), Value::Null);
}

#[tokio::test]
async fn one_that_fails_or_panics_writes_all_of_its_lines_in_their_order() {
    for path in ["/broken", "/panics"] {
        for trace_id in [OUTSIDE, WITHIN] {
            let monitor = monitor(|builder| builder);
            ask(&app(&monitor), path, trace_id).await;
            assert_eq!(messages(&monitor), ALL, "{path}");
            assert_eq!(
                adjusted_count(&monitor),
                Value::Null,
                "it stands for itself"
            );
            let times = monitor.lines().into_iter().map(|line| {
                assert_eq!(line["traceId"], trace_id);
                line["timestamp"].as_str().unwrap().to_owned()
            });
            assert!(times.is_sorted());
        }
    }
}

#[tokio::test]
async fn a_warning_has_what_came_before_it_written_and_what_comes_after_it() {
    for trace_id in [OUTSIDE, WITHIN] {
        let monitor = monitor(|builder| builder);
        ask(&app(&monitor), "/warns", trace_id).await;
        let (begin, end) = ALL.split_at(4);
        let expected = [begin, &["Warned", "Goes on"], end].concat();
        assert_eq!(messages(&monitor), expected);
        assert_eq!(
            adjusted_count(&monitor),
            Value::Null,
            "it stands for itself"
        );
    }
}

#[tokio::test]
async fn one_that_the_client_leaves_writes_all_of_its_lines() {
    let monitor = monitor(|builder| builder);
    let request = request("/streams", OUTSIDE, "00");
    let response = app(&monitor).oneshot(request).await.unwrap();
    assert_eq!(messages(&monitor), [""; 0]);
    drop(response);
    assert_eq!(messages(&monitor), ALL);
    assert_eq!(monitor.lines()[4]["metadata"]["outcome"], "aborted");
}

#[tokio::test]
async fn one_that_is_slow_where_slow_traces_are_kept_writes_all_of_its_lines() {
    for (limit, expected) in [(Duration::ZERO, &ALL[..]), (Duration::from_secs(60), &[])] {
        let monitor = monitor(|builder| builder.keep_traces_slower_than(limit));
        ask(&app(&monitor), "/well", OUTSIDE).await;
        assert_eq!(messages(&monitor), expected);
    }
}

#[tokio::test]
async fn lines_of_one_s_own_stay_or_go_without_request_lines_too() {
    for (access_log, request_line) in [(AccessLog::Off, 0), (AccessLog::Failed, 1)] {
        let monitor = monitor(|builder| builder.access_log(access_log));
        let app = app(&monitor);
        ask(&app, "/well", OUTSIDE).await;
        assert_eq!(messages(&monitor), [""; 0]);
        ask(&app, "/broken", OUTSIDE).await;
        assert_eq!(messages(&monitor), ALL[1..4 + request_line]);
    }
}

#[tokio::test]
async fn what_an_exchange_spawns_goes_with_it_but_for_warnings() {
    for is_instrumented in [false, true] {
        for (trace_id, expected) in [
            (OUTSIDE, &["Warned later"][..]),
            (WITHIN, &["Spawned", "Later", "Warned later"]),
        ] {
            let monitor = monitor(|builder| builder);
            let (sender, receiver) = oneshot::channel();
            let (go_on, over) = oneshot::channel::<()>();
            let parts = std::sync::Mutex::new(Some((sender, over)));
            let handler = async move || {
                let (sender, over) = parts.lock().unwrap().take().unwrap();
                let spawned = async {
                    tracing::info!("Spawned");
                    let _ = over.await;
                    tracing::info!("Later");
                    tracing::warn!("Warned later");
                };
                let handle = match is_instrumented {
                    true => tokio::spawn(spawned.instrument(tracing::info_span!("spawned"))),
                    false => tokio::spawn(monitor_layer::current().scope(spawned)),
                };
                let _ = sender.send(handle);
            };
            let handler = std::sync::Arc::new(handler);
            let app: Router = Router::new()
                .route("/spawns", get(move || async move { handler().await }))
                .layer(monitor.layer());
            ask(&app, "/spawns", trace_id).await;
            go_on.send(()).unwrap();
            receiver.await.unwrap().await.unwrap();
            let mut messages = messages(&monitor);
            messages.retain(|message| !message.starts_with("Request"));
            assert_eq!(messages, expected, "{is_instrumented}");
        }
    }
}

#[tokio::test]
async fn lines_of_jobs_and_of_what_is_left_unmeasured_are_not_thinned() {
    let monitor = monitor(|builder| builder);
    let worker = monitor.worker("worker");
    let unmeasured = Router::new()
        .route("/unmeasured", get(begin))
        .route_layer(UnmeasuredLayer::new());
    let app: Router = Router::new()
        .route(
            "/jobs",
            get(async move || {
                tracing::info!("Thinned");
                let job = worker.job("job-1").run(async { Ok::<_, io::Error>(()) });
                job.now_or_never().unwrap().unwrap();
            }),
        )
        .merge(unmeasured)
        .layer(monitor.layer());
    ask(&app, "/jobs", OUTSIDE).await;
    assert_eq!(messages(&monitor), ["Job started", "Job completed"]);
    ask(&app, "/unmeasured", OUTSIDE).await;
    assert_eq!(messages(&monitor)[2..], ALL[1..4]);
}

#[tokio::test]
async fn more_lines_than_are_held_back_leave_the_last_ones_and_are_counted_if_they_are_needed() {
    const LINES: usize = 1_000;

    let monitor = monitor(|builder| builder);
    let talk = |status: StatusCode| {
        get(async move || {
            (0..LINES).for_each(|number| tracing::info!(number, "Line"));
            status
        })
    };
    let app: Router = Router::new()
        .route("/well", talk(StatusCode::OK))
        .route("/broken", talk(StatusCode::BAD_GATEWAY))
        .layer(monitor.layer());
    ask(&app, "/well", OUTSIDE).await;
    assert_eq!((messages(&monitor).len(), dropped_lines(&monitor)), (0, 0));

    ask(&app, "/broken", OUTSIDE).await;
    let (lines, dropped) = (monitor.lines(), dropped_lines(&monitor));
    assert!(dropped > 0);
    assert_eq!(lines[0]["message"], format!("{dropped} log lines dropped"));
    assert_eq!(lines[0]["metadata"]["dropped"], dropped);
    assert_eq!(
        (&lines[0]["level"], &lines[0]["traceId"]),
        (&"warn".into(), &OUTSIDE.into())
    );
    let kept = lines[1..lines.len() - 1].iter();
    let kept: Vec<_> = kept
        .map(|line| line["metadata"]["number"].as_u64().unwrap())
        .collect();
    assert!(kept.len() > 20, "{}", kept.len());
    // `Request started` is among those that were dropped.
    assert_eq!(kept.len() + dropped, LINES + 1);
    assert_eq!(kept.last(), Some(&(LINES as u64 - 1)));
    let held: usize = monitor.raw_lines()[1..].iter().map(String::len).sum();
    assert!(held < 17 * 1024, "{held}");
}

#[tokio::test]
async fn a_repeated_warning_that_is_left_out_leaves_its_exchange_thinned() {
    let monitor = monitor(|builder| builder.limit_repeated_logs(1, Duration::from_secs(3_600)));
    let app = app(&monitor);
    ask(&app, "/warns", OUTSIDE).await;
    let first = messages(&monitor).len();
    assert_eq!(first, 7);
    ask(&app, "/warns", OUTSIDE).await;
    assert_eq!(messages(&monitor).len(), first);
}

#[test]
fn a_ratio_that_is_none_stops_the_start_and_says_why() {
    let error = Monitor::builder("api").log_ratio(1.5).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the log ratio is 1.5; expected a number from 0 to 1"
    );
}
