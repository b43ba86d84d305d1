//! What is exported though it is not sampled.

use std::{io, time::Duration};

use axum::{Router, body::Body, http::Request, routing::get};
use monitor_layer::{MonitorBuilder, instrument_step, testing::TestMonitor};
use tracing::{Instrument as _, info_span};

use crate::support::collector::{Answer, Collector};
use crate::support::send_request;

const MINUTE: Duration = Duration::from_secs(60);

fn monitor(
    collector: &Collector,
    configure: impl FnOnce(MonitorBuilder) -> MonitorBuilder,
) -> TestMonitor {
    TestMonitor::capture_events();
    TestMonitor::build("api", |builder| {
        configure(collector.take_from(builder.sample_ratio(0.0)))
    })
    .unwrap()
}

#[instrument_step]
async fn outer(fails: bool) -> Result<(), io::Error> {
    inner().instrument(info_span!("between")).await;
    match fails {
        true => Err(io::Error::other("no disk")),
        false => Ok(()),
    }
}

#[instrument_step]
async fn inner() {}

fn app(monitor: &TestMonitor) -> Router {
    Router::new()
        .route("/works", get(async || outer(false).await.map_err(|_| ())))
        .route(
            "/fails",
            get(async || {
                // What was captured is what led to the answer.
                let _ = outer(true).await;
                axum::http::StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route(
            "/panics",
            get(async || -> &'static str {
                let _ = outer(false).await;
                panic!("broken")
            }),
        )
        .layer(monitor.layer())
}

async fn ask(app: &Router, path: &str) {
    send_request(app, Request::get(path).body(Body::empty()).unwrap()).await;
}

#[tokio::test]
async fn an_exchange_that_fails_or_panics_is_exported_with_its_steps() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector, |builder| builder);
    let app = app(&monitor);
    for path in ["/works", "/fails", "/works"] {
        ask(&app, path).await;
    }
    monitor.flush(MINUTE);
    assert_eq!(collector.names(), ["GET /fails", "inner", "outer"]);
    let (exchange, outer, inner) = (
        collector.span("GET /fails"),
        collector.span("outer"),
        collector.span("inner"),
    );
    assert_eq!(outer.parent(), exchange.span_id());
    assert_eq!(
        inner.parent(),
        outer.span_id(),
        "the span between is not there"
    );
    for span in [&exchange, &outer, &inner] {
        assert_eq!(span.span.flags & 1, 1, "it is sampled now");
        assert_eq!(span.trace_id(), exchange.trace_id());
    }
    assert_eq!(
        (exchange.status(), outer.status(), inner.status()),
        (2, 2, 0)
    );
    let line = monitor.lines().into_iter().find(|line| {
        line["message"] == "Request completed" && line["metadata"]["route"] == "/fails"
    });
    assert_eq!(line.unwrap()["spanId"], exchange.span_id());
    ask(&app, "/panics").await;
    monitor.flush(MINUTE);
    assert_eq!(collector.span("GET /panics").status(), 2);
}

#[tokio::test]
async fn a_job_and_a_lonely_step_that_fail_are_exported() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector, |builder| builder);
    for fails in [false, true] {
        let job = monitor
            .job("job-1")
            .niche(if fails { "bad" } else { "good" });
        let _ = job.run(outer(fails)).await;
    }
    monitor.flush(MINUTE);
    assert_eq!(collector.names(), ["inner", "job bad", "outer"]);
    assert_eq!(
        collector.span("inner").parent(),
        collector.span("outer").span_id()
    );
}

#[tokio::test]
async fn what_is_slow_is_exported_where_a_limit_says_so() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector, |builder| {
        builder
            .keep_failed_traces(false)
            .keep_traces_slower_than(Duration::from_millis(50))
    });
    let job = |niche: &'static str, time| {
        let work = async move {
            inner().await;
            tokio::time::sleep(time).await;
            Err::<(), _>(io::Error::other("no disk"))
        };
        monitor.job("job-1").niche(niche).run(work)
    };
    let _ = job("slow", Duration::from_millis(60)).await;
    let _ = job("fast", Duration::ZERO).await;
    monitor.flush(MINUTE);
    let names = collector.names();
    // A machine that is busy may make the fast one slow.
    assert!(names.contains(&"job slow".to_owned()), "{names:?}");
    assert!(names.contains(&"inner".to_owned()), "{names:?}");
}

#[tokio::test]
async fn failures_are_not_exported_where_that_is_switched_off() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector, |builder| builder.keep_failed_traces(false));
    let app = app(&monitor);
    ask(&app, "/fails").await;
    monitor.job("job-1").run(outer(true)).await.unwrap_err();
    monitor.flush(MINUTE);
    assert_eq!(collector.requests(), 0);
}

#[tokio::test]
async fn no_more_than_64_steps_are_kept_and_the_others_are_counted() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector, |builder| builder);
    let work = async {
        for _ in 0..70 {
            inner().await;
        }
        Err::<(), _>(io::Error::other("no disk"))
    };
    monitor.job("job-1").run(work).await.unwrap_err();
    monitor.flush(MINUTE);
    assert_eq!(collector.spans().len(), 65);
    let dropped = monitor.metric("telemetry_dropped_total", [("signal", "spans")]);
    assert_eq!(dropped, 6.0);
}
