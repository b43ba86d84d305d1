//! What the demo serves says the same in all three forms, and each form is sound.

use std::{collections::BTreeMap, process::Command, time::UNIX_EPOCH};

use serde_json::Value;

use crate::{
    exposition::{Exposition, Kind, assert_same},
    parts::{
        Demo, Form, Http, LoggedRequest, Python, drive_everything, program, run, sign_up_slowly,
    },
};

/// The demo after it has done everything, at rest.
async fn driven() -> (Demo, Http) {
    let (demo, http) = (Demo::start().await, Http::new());
    drive_everything(&http, &demo).await;
    sign_up_slowly(&http, &demo, 50).await;
    (demo, http)
}

/// What is not about the scrape itself or the process, which do not rest.
fn at_rest<K: Ord, V>(all: BTreeMap<K, V>, name: impl Fn(&K) -> &str) -> BTreeMap<K, V> {
    let moves = |name: &str| name.starts_with("metrics_scrape_") || name.starts_with("process_");
    all.into_iter()
        .filter(|(key, _)| !moves(name(key)))
        .collect()
}

#[tokio::test]
async fn the_three_forms_say_the_same() {
    let (demo, http) = driven().await;
    let text = Form::Text.read(&Form::Text.scrape(&http, &demo.url).await);
    let numbers = |read: &Exposition| at_rest(read.numbers(), |(name, _)| name);
    assert!(numbers(&text).len() > 200, "{text:?}");
    for form in [Form::OpenMetrics, Form::Protobuf] {
        let other = form.read(&form.scrape(&http, &demo.url).await);
        let what = format!("{} and text", form.as_str());
        assert_same(&what, &numbers(&other), &numbers(&text));
        let described = |read| at_rest(Exposition::descriptions(read), |name| name);
        assert_same(&what, &described(&other), &described(&text));
    }
}

#[tokio::test]
async fn every_exemplar_leads_to_the_log_and_a_request_s_to_that_request() {
    let (demo, http) = driven().await;
    let lines = demo.lines();
    for form in [Form::OpenMetrics, Form::Protobuf] {
        let read = form.read(&form.scrape(&http, &demo.url).await);
        let mut requests = 0;
        for (sample, exemplar) in read.exemplars() {
            let names: Vec<_> = exemplar.labels.keys().collect();
            assert_eq!(names, ["span_id", "trace_id"], "{exemplar:?}");
            let mut of_its_span = lines.iter().filter(|line| {
                line["traceId"] == exemplar.labels["trace_id"]
                    && line["spanId"] == exemplar.labels["span_id"]
            });
            if sample.name == "http_request_duration_seconds_bucket" {
                let completed = of_its_span.find(|line| line["message"] == "Request completed");
                let request = LoggedRequest::of(completed.unwrap());
                assert_eq!(sample.labels["route"], request.route);
                assert_eq!(sample.labels["status"], request.status);
                assert!(request.took(exemplar.value), "{exemplar:?} {request:?}");
                requests += 1;
            } else if sample.name == "http_client_request_duration_seconds_bucket" {
                // A call has a span, but writes no line of its own.
                let of_its_trace = |line: &Value| line["traceId"] == exemplar.labels["trace_id"];
                assert!(lines.iter().any(of_its_trace), "{sample:?}");
            } else {
                assert!(of_its_span.next().is_some(), "{sample:?}");
            }
            let age = UNIX_EPOCH.elapsed().unwrap().as_secs_f64() - exemplar.timestamp.unwrap();
            assert!((0.0..300.0).contains(&age), "{exemplar:?}");
        }
        // More than one route, and of the slow one more than one bucket.
        assert!(requests > 5, "{form:?}: {requests}");
    }
}

#[tokio::test]
async fn native_buckets_agree_with_the_classic_ones() {
    let (demo, http) = driven().await;
    let read = Form::Protobuf.read(&Form::Protobuf.scrape(&http, &demo.url).await);
    let mut compared = 0;
    for family in &read.families {
        for (labels, native) in &family.natives {
            assert_eq!(native.schema, 3, "{}", family.name);
            for bucket in &family.samples {
                let mut of = bucket.labels.clone();
                let Some(bound) = of.remove("le").filter(|_| of == *labels) else {
                    continue;
                };
                let bound = bound.replace("+Inf", "inf").parse().unwrap();
                let (surely, perhaps) = native.at_most(bound);
                assert!(
                    surely as f64 <= bucket.value && bucket.value <= perhaps as f64,
                    "{bucket:?} is not from {surely} to {perhaps}"
                );
                compared += usize::from(bucket.value > 0.0);
            }
        }
        if family.kind == Kind::Histogram {
            let histograms = family
                .samples
                .iter()
                .filter(|sample| sample.name.ends_with("_count"));
            assert_eq!(family.natives.len(), histograms.count(), "{}", family.name);
        }
    }
    assert!(compared > 100, "{compared}");
}

#[tokio::test]
async fn durations_and_sizes_have_their_units() {
    let (demo, http) = driven().await;
    let read = Form::OpenMetrics.read(&Form::OpenMetrics.scrape(&http, &demo.url).await);
    for family in &read.families {
        for unit in ["seconds", "bytes"] {
            if family.kind == Kind::Histogram && family.name.ends_with(unit) {
                assert_eq!(family.unit.as_deref(), Some(unit), "{}", family.name);
            }
        }
    }
}

#[tokio::test]
async fn promtool_finds_nothing_to_complain_about() {
    let Some(promtool) = program("promtool") else {
        return;
    };
    let (demo, http) = driven().await;
    let text = Form::Text.scrape(&http, &demo.url).await;
    let mut check = Command::new(promtool);
    check.args(["check", "metrics"]);
    let said = run(check, &text);
    assert!(said.succeeded, "{said:?}");
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""));
}

#[tokio::test]
async fn python_reads_both_text_forms_as_we_do() {
    let Some(python) = Python::find() else {
        return;
    };
    let (demo, http) = driven().await;
    for form in [Form::Text, Form::OpenMetrics] {
        let bytes = form.scrape(&http, &demo.url).await;
        python.agrees(form, &bytes);
    }
}
