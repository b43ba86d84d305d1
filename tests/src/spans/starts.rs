//! What the environment says of the export, and machines that have no thread for it: in processes of their own.

use std::{env, io, process::Command, time::Duration};

use futures_util::FutureExt as _;
use monitor_layer::{BuildError, Monitor};

use crate::support::collector::{Answer, Collector};

const CHILD: &str = "TESTS_CHILD";

/// Runs a test of this module once more, in a process with these variables. Gives back what it wrote.
fn again(test: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args([&format!("spans::starts::{test}"), "--exact"])
        .args(["--test-threads=1", "--nocapture"])
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let written = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{written}");
    assert!(written.contains("1 passed"), "{written}");
    written
}

fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// A monitor as a service makes it, whose jobs are sampled.
fn build() -> Result<Monitor, BuildError> {
    let builder = Monitor::builder("api").sample_ratio(1.0);
    builder.log_to(io::sink()).build()
}

#[test]
fn spans_go_where_and_as_the_environment_says() {
    if is_child() {
        let monitor = build().unwrap();
        for _ in 0..3 {
            let job = monitor.job("job-1").run(async { Ok::<_, io::Error>(()) });
            job.now_or_never().unwrap().unwrap();
        }
        monitor.flush(Duration::from_secs(30));
        return;
    }
    let collector = Collector::start(Answer::Fine);
    again(
        "spans_go_where_and_as_the_environment_says",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                &format!("http://{}/whole/path", collector.address),
            ),
            ("OTEL_EXPORTER_OTLP_HEADERS", "tenant=all"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "key=a%20b"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
        ],
    );
    assert_eq!(collector.batches(), [1, 1, 1]);
    let head = collector.headers();
    let has = |line: &str| head.iter().any(|other| other == line);
    assert!(has("POST /whole/path HTTP/1.1"), "{head:?}");
    assert!(has("key: a b") && has("content-encoding: gzip"), "{head:?}");
    assert!(
        !head.iter().any(|line| line.starts_with("tenant")),
        "{head:?}"
    );
}

#[test]
fn a_variable_that_cannot_be_used_stops_the_start_and_is_named() {
    if is_child() {
        println!("told: {}", build().err().unwrap());
        return;
    }
    let here = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    for (variable, bad, told) in [
        (
            "OTEL_BSP_SCHEDULE_DELAY",
            "5s",
            "is \"5s\"; expected a number of milliseconds from 1 to 86400000",
        ),
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "traces:4318",
            "is \"traces:4318\"; expected an http or https URL, as http://localhost:4318",
        ),
        (
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "a key=1",
            "has \"a key\", which is no header; expected pairs key=value divided by commas, of HTTP header names and \
             values",
        ),
    ] {
        let written = again(
            "a_variable_that_cannot_be_used_stops_the_start_and_is_named",
            &[here, (variable, bad)],
        );
        let told = format!("told: {variable} {told}");
        assert!(written.contains(&told), "{written}");
    }
}

// Elsewhere such threads are refused by a panic of their own.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_room_for_a_thread_gets_an_error() {
    if is_child() {
        let error = build().err().unwrap();
        assert!(matches!(error, BuildError::OtlpThread(_)), "{error}");
        println!("told: {error}");
        return;
    }
    let written = again(
        "a_machine_without_room_for_a_thread_gets_an_error",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
            // Each thread is to have more memory than there are addresses.
            ("RUST_MIN_STACK", "140737488355328"),
        ],
    );
    let told = "told: the thread that exports spans could not be started: ";
    assert!(written.contains(told), "{written}");
}
