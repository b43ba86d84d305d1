//! What `tracing` events and spans become.

use std::{fmt, io};

use monitor_layer::{Monitor, instrument_step, testing::TestMonitor};
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::Written;

/// What `log` writes under a subscriber with the monitor's layer.
fn lines(level: &str, log: impl FnOnce(&Monitor)) -> Vec<String> {
    let written = Written::default();
    let monitor = Monitor::builder("api")
        .service_name("api")
        .env("test")
        .log_level(level)
        .log_to(written.clone())
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    tracing::subscriber::with_default(subscriber, || log(&monitor));
    written.raw_lines()
}

fn line(log: impl FnOnce()) -> Value {
    let lines = lines("trace", |_| log());
    assert_eq!(lines.len(), 1, "{lines:?}");
    serde_json::from_str(&lines[0]).unwrap()
}

/// In a job, so that there are ids.
fn in_job(monitor: &Monitor, work: impl FnOnce()) {
    let job = monitor.job("job-1").user("u-1");
    let done = job.run(async {
        work();
        Ok::<_, io::Error>(())
    });
    futures_util::FutureExt::now_or_never(done)
        .unwrap()
        .unwrap();
}

#[test]
fn keys_stand_in_the_promised_order_and_none_twice() {
    let lines = lines("info", |monitor| {
        in_job(monitor, || {
            tracing::warn!(level = "mine", service = "mine", timestamp = 1, "Careful");
        });
    });
    let line = &lines[1];
    let keys: Vec<_> = [
        "timestamp",
        "level",
        "message",
        "service",
        "env",
        "traceId",
        "spanId",
        "userId",
        "jobId",
        "metadata",
    ]
    .iter()
    .map(|key| line.find(&format!("\"{key}\":")).unwrap())
    .collect();
    assert!(keys.is_sorted(), "{line}");
    assert!(
        line.ends_with(r#""metadata":{"level":"mine","service":"mine","timestamp":1}}"#),
        "{line}"
    );
}

#[test]
fn an_entry_outside_of_everything_has_no_ids_and_no_metadata() {
    let entry = line(|| tracing::info!("Starting"));
    let keys: Vec<_> = entry.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["env", "level", "message", "service", "timestamp"]);
}

#[test]
fn values_keep_their_types() {
    struct Debugged;
    impl fmt::Debug for Debugged {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("seen\nso")
        }
    }
    let failure = io::Error::other("no disk");
    let entry = line(|| {
        tracing::error!(
            whole = 1_u64,
            below = -1,
            part = 0.5,
            none = f64::NAN,
            yes = true,
            text = "a\"b",
            shown = %"shown",
            seen = ?Debugged,
            error = &failure as &dyn std::error::Error,
            authorization = "Bearer abc",
            max_tokens = 7,
            "Broke with {}", "style"
        );
    });
    assert_eq!(entry["level"], "error");
    assert_eq!(entry["message"], "Broke with style");
    assert_eq!(
        entry["metadata"],
        json!({
            "whole": 1, "below": -1, "part": 0.5, "none": "NaN", "yes": true, "text": "a\"b",
            "shown": "shown", "seen": "seen\nso", "error": {"message": "no disk", "chain": []},
            "authorization": "[REDACTED]", "max_tokens": 7,
        })
    );
}

#[test]
fn the_event_s_fields_win_over_the_inner_span_s_over_the_outer_s() {
    let entry = line(|| {
        let outer = tracing::info_span!(
            "outer",
            a = "outer",
            b = "outer",
            c = "outer",
            message = "span's"
        );
        let _outer = outer.enter();
        let inner = tracing::info_span!(
            "inner",
            a = "inner",
            b = "inner",
            late = tracing::field::Empty
        );
        inner.record("late", 3);
        let _inner = inner.enter();
        tracing::info!(a = "event", "Said");
    });
    assert_eq!(entry["message"], "Said");
    assert_eq!(
        entry["metadata"],
        json!({"a": "event", "b": "inner", "c": "outer", "late": 3, "message": "span's"})
    );
}

#[test]
fn user_and_job_rise_from_event_then_inner_span_then_scope() {
    let lines = lines("info", |monitor| {
        in_job(monitor, || {
            tracing::info!("scope");
            let span = tracing::info_span!("span", user_id = "span's", job_id = 7);
            let _span = span.enter();
            tracing::info!("span");
            tracing::info!(user_id = "event's", "event");
        });
    });
    let ids: Vec<Value> = lines[1..4]
        .iter()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(line["metadata"].is_null(), "{line}");
            json!([line["message"], line["userId"], line["jobId"]])
        })
        .collect();
    assert_eq!(
        ids,
        [
            json!(["scope", "u-1", "job-1"]),
            json!(["span", "span's", "7"]),
            json!(["event", "event's", "7"]),
        ]
    );
}

#[test]
fn the_span_id_is_that_of_the_innermost_of_job_span_and_step() {
    #[instrument_step]
    fn step() {
        tracing::info!("in step");
        tracing::info_span!("further in").in_scope(|| tracing::info!("in span in step"));
    }

    let lines = lines("info", |monitor| {
        in_job(monitor, || {
            tracing::info_span!("span").in_scope(|| {
                tracing::info!("in span");
                step();
            });
        });
    });
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let id = |message: &str| {
        let line = lines
            .iter()
            .find(|line| line["message"] == message)
            .unwrap();
        line["spanId"].as_str().unwrap().to_owned()
    };
    assert_ne!(id("in span"), id("Job started"));
    assert_eq!(id("in step"), id("Step started"));
    assert_ne!(id("in step"), id("in span"));
    assert_ne!(id("in span in step"), id("in step"));
    assert!(
        lines
            .iter()
            .all(|line| line["traceId"] == lines[0]["traceId"])
    );
}

#[test]
fn directives_decide_by_target_and_level() {
    let log = |_: &Monitor| {
        tracing::debug!("hidden");
        tracing::info!(target: "sqlx::query", "hidden");
        tracing::warn!(target: "sqlx::query", "shown");
        tracing::info!("shown");
    };
    assert_eq!(lines("info,sqlx=warn", log).len(), 2);
    assert_eq!(lines("off", log).len(), 0);
    assert_eq!(lines("debug", log).len(), 4);
}

#[test]
fn a_debug_that_panics_takes_its_line_and_nothing_else() {
    struct Mute;
    impl fmt::Debug for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no words")
        }
    }
    let lines = lines("info", |monitor| {
        tracing::info!(value = ?Mute, "lost");
        tracing::info!("kept");
        let families = monitor.registry().gather();
        let dropped = families
            .iter()
            .find(|family| family.name() == "telemetry_dropped_total")
            .unwrap();
        let text = prometheus::TextEncoder::new()
            .encode_to_string(std::slice::from_ref(dropped))
            .unwrap();
        assert!(
            text.contains("telemetry_dropped_total{signal=\"logs\"} 1"),
            "{text}"
        );
    });
    assert_eq!(lines.len(), 1);
}

#[tokio::test]
async fn an_event_goes_to_the_monitor_whose_work_it_happens_in() {
    TestMonitor::capture_events();
    let (first, second) = (TestMonitor::new("first"), TestMonitor::new("second"));
    for monitor in [&first, &second] {
        let job = monitor.job("job-1");
        job.run(async {
            tracing::info!("Inside");
            Ok::<_, io::Error>(())
        })
        .await
        .unwrap();
        let lines = monitor.lines();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1]["message"], "Inside");
    }
}

#[test]
fn a_cut_string_is_told_of_once_whatever_fields_there_are() {
    let long = "x".repeat(20_000);
    let lines = lines("info", |_| {
        tracing::info!(truncated = "mine", text = long, "Long");
        tracing::info!("{long}");
        tracing::info!(truncated = "mine", "Short");
    });
    let metadata: Vec<Value> = lines
        .iter()
        .map(|line| {
            assert!(line.matches("\"truncated\"").count() <= 1, "{line}");
            let line: Value = serde_json::from_str(line).unwrap();
            line["metadata"]["truncated"].clone()
        })
        .collect();
    assert_eq!(metadata, [json!(true), json!(true), json!("mine")]);
}

#[test]
fn a_span_outside_of_everything_has_its_id_in_the_entries_inside() {
    let entries = lines("info", |_| {
        tracing::info_span!("start").in_scope(|| {
            tracing::info!("one");
            tracing::info!("two");
        });
    });
    let ids: Vec<Value> = entries
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["spanId"].clone())
        .collect();
    assert!(ids[0].is_string());
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn two_monitors_layers_in_one_subscriber_write_each_entry_once() {
    let (first, second) = (Written::default(), Written::default());
    let monitor = |name: &str, written: &Written| {
        Monitor::builder(name)
            .service_name(name)
            .log_to(written.clone())
            .build()
            .unwrap()
    };
    let (one, other) = (monitor("one", &first), monitor("other", &second));
    let subscriber = tracing_subscriber::registry()
        .with(one.log_layer())
        .with(other.log_layer());
    tracing::subscriber::with_default(subscriber, || {
        in_job(&other, || {
            tracing::info_span!("span").in_scope(|| tracing::info!("Inside"));
        });
    });
    assert!(first.lines().is_empty());
    assert_eq!(second.lines().len(), 3);
}

/// Panics or logs at each line, as it is told.
struct Troublesome {
    panics: bool,
    lines: Written,
}

impl io::Write for Troublesome {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!self.panics, "no paper");
        tracing::info!("Writing");
        self.lines.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_panics_or_logs_costs_its_lines_and_nothing_else() {
    #[instrument_step]
    fn step() -> u8 {
        7
    }

    for (panics, expected) in [(true, 0), (false, 4)] {
        let lines = Written::default();
        let writer = Troublesome {
            panics,
            lines: lines.clone(),
        };
        let monitor = Monitor::builder("api")
            .log_level("info")
            .log_to(writer)
            .build()
            .unwrap();
        let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
        tracing::subscriber::with_default(subscriber, || {
            in_job(&monitor, || assert_eq!(step(), 7));
        });
        assert_eq!(lines.lines().len(), expected);
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&monitor.registry().gather())
            .unwrap();
        assert!(
            text.contains("pipeline_steps_active{step=\"step\"} 0"),
            "{text}"
        );
    }
}
