//! Exemplars: which trace a bucket leads to, as a scrape shows it.

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use http::Method;
use monitor_layer::{HttpMetrics, testing::TestMonitor};

use super::{Form, exposition::Exemplar, scrape};
use crate::support::send;

const SIZES: &str = "http_response_size_bytes_bucket";

fn monitor(sample_ratio: f64) -> TestMonitor {
    TestMonitor::build("api", |builder| {
        let http = HttpMetrics::builder().response_sizes().response_start();
        builder.http_metrics(http).sample_ratio(sample_ratio)
    })
    .unwrap()
}

/// A service whose answers have the status and the length that the path names, all in one series of sizes.
fn app(monitor: &TestMonitor) -> Router {
    let answer = async |Path((status, length)): Path<(u16, usize)>| {
        (StatusCode::from_u16(status).unwrap(), "x".repeat(length))
    };
    Router::new()
        .route("/{status}/{length}", get(answer))
        .layer(monitor.layer())
        .with_state(())
}

/// Asks, and gives the trace id of the exchange.
async fn ask(app: &Router, path: &str) -> String {
    let answer = send(app, Method::GET, path).await;
    answer.headers["x-trace-id"].to_str().unwrap().to_owned()
}

/// The exemplars of the buckets of this name, by their bounds.
async fn exemplars(monitor: &TestMonitor, form: Form, name: &str) -> Vec<(String, Exemplar)> {
    let read = scrape(monitor, form).await;
    let of_name = read.exemplars().filter(|(sample, _)| sample.name == name);
    of_name
        .map(|(sample, exemplar)| (sample.labels["le"].clone(), exemplar.clone()))
        .collect()
}

/// The size and the trace of the one exemplar there is.
async fn only(monitor: &TestMonitor, form: Form) -> (f64, String) {
    let exemplars = exemplars(monitor, form, SIZES).await;
    let [(bound, exemplar)] = &exemplars[..] else {
        panic!("{exemplars:?}");
    };
    assert_eq!(bound, "256");
    (exemplar.value, exemplar.labels["trace_id"].clone())
}

#[tokio::test]
async fn traces_that_are_not_sampled_are_no_exemplars() {
    let monitor = monitor(0.0);
    let app = app(&monitor);
    for path in ["/200/100", "/500/100"] {
        ask(&app, path).await;
    }
    for form in [Form::OpenMetrics, Form::Protobuf] {
        let read = scrape(&monitor, form).await;
        assert_eq!(read.exemplars().count(), 0, "{form:?}");
    }
}

#[tokio::test]
async fn a_sampled_trace_is_one_on_every_histogram_of_its_request() {
    let monitor = monitor(1.0);
    let trace = ask(&app(&monitor), "/200/100").await;
    for name in [
        SIZES,
        "http_request_duration_seconds_bucket",
        "http_response_start_seconds_bucket",
    ] {
        let exemplars = exemplars(&monitor, Form::OpenMetrics, name).await;
        assert_eq!(exemplars.len(), 1, "{name}");
        assert_eq!(exemplars[0].1.labels["trace_id"], trace, "{name}");
    }
    let line = &monitor.lines()[1];
    let exemplars = exemplars(&monitor, Form::OpenMetrics, SIZES).await;
    assert_eq!(exemplars[0].1.labels["span_id"], line["spanId"]);
}

#[tokio::test]
async fn the_largest_stands_for_a_bucket_and_rather_one_that_failed() {
    let monitor = monitor(1.0);
    let app = app(&monitor);
    ask(&app, "/200/100").await;
    let largest = ask(&app, "/200/200").await;
    ask(&app, "/404/150").await;
    // A scrape in text, which has no exemplars, makes none give way.
    scrape(&monitor, Form::Text).await;
    ask(&app, "/200/120").await;
    assert_eq!(only(&monitor, Form::OpenMetrics).await, (200.0, largest));

    let failed = ask(&app, "/500/70").await;
    ask(&app, "/200/250").await;
    ask(&app, "/404/250").await;
    scrape(&monitor, Form::Text).await;
    ask(&app, "/200/250").await;
    assert_eq!(only(&monitor, Form::OpenMetrics).await, (70.0, failed));
}

#[tokio::test]
async fn after_a_scrape_that_showed_it_a_newer_one_takes_its_place() {
    let monitor = monitor(1.0);
    let app = app(&monitor);
    for form in [Form::OpenMetrics, Form::Protobuf] {
        let failed = ask(&app, "/500/250").await;
        let failed = (250.0, failed);
        assert_eq!(only(&monitor, form).await, failed);
        assert_eq!(only(&monitor, form).await, failed, "there is no newer one");
        let newer = ask(&app, "/200/65").await;
        assert_eq!(only(&monitor, form).await, (65.0, newer), "{form:?}");
    }
}

#[tokio::test]
async fn each_bucket_has_its_own_the_infinite_one_too() {
    let monitor = TestMonitor::build("api", |builder| {
        let http = HttpMetrics::builder().response_sizes();
        builder.http_metrics(http.size_buckets([10.0, 100.0]))
    })
    .unwrap();
    let app = app(&monitor);
    let mut expected = Vec::new();
    for (bound, length) in [("10", 5), ("100", 50), ("+Inf", 500)] {
        let trace = ask(&app, &format!("/200/{length}")).await;
        expected.push((bound.to_owned(), trace));
    }
    for form in [Form::OpenMetrics, Form::Protobuf] {
        let exemplars = exemplars(&monitor, form, SIZES).await;
        let traces = exemplars.into_iter();
        let traces: Vec<_> = traces
            .map(|(bound, exemplar)| (bound, exemplar.labels["trace_id"].clone()))
            .collect();
        assert_eq!(traces, expected, "{form:?}");
    }
}

#[tokio::test]
async fn a_step_s_exemplar_is_the_step_s_own_span() {
    use monitor_layer::instrument_step;

    #[instrument_step]
    async fn render() {}

    let monitor = TestMonitor::new("worker");
    monitor.scope(render()).await;
    let name = "pipeline_step_duration_seconds_bucket";
    let exemplars = exemplars(&monitor, Form::OpenMetrics, name).await;
    let line = &monitor.lines()[1];
    assert_eq!(line["message"], "Step completed");
    assert_eq!(exemplars.len(), 1);
    assert_eq!(exemplars[0].1.labels["trace_id"], line["traceId"]);
    assert_eq!(exemplars[0].1.labels["span_id"], line["spanId"]);
}
