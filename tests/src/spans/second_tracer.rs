//! A service that has `tracing-opentelemetry` is told to take it out.

use monitor_layer::testing::TestMonitor;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{Subscriber, info_span, subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{Layer as _, layer::SubscriberExt as _, registry, registry::LookupSpan};

use crate::support::collector::{Answer, Collector};

fn theirs<S>() -> OpenTelemetryLayer<S, SdkTracer>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    let provider = SdkTracerProvider::builder().build();
    tracing_opentelemetry::layer().with_tracer(provider.tracer("theirs"))
}

fn exporting() -> TestMonitor {
    let otlp = Collector::start(Answer::Fine).otlp();
    TestMonitor::build("api", |builder| builder.sample_ratio(1.0).otlp(otlp)).unwrap()
}

/// What the monitor has warned of.
fn told(monitor: &TestMonitor) -> Vec<String> {
    let lines = monitor.lines().into_iter();
    let warnings = lines.filter(|line| line["level"] == "warn");
    warnings
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect()
}

fn nested_spans() {
    info_span!("outer").in_scope(|| info_span!("inner").in_scope(|| ()));
}

#[test]
fn a_layer_of_it_below_ours_is_told_of_at_the_start_and_once() {
    let monitor = exporting();
    let subscriber = registry()
        .with(theirs())
        .with(monitor.log_layer())
        .with(monitor.span_layer());
    let told_at_the_start = told(&monitor);
    assert_eq!(
        told_at_the_start,
        [
            "tracing-opentelemetry is in use beside this monitor: each span is exported twice, under two ids. Take \
          its OpenTelemetryLayer out of the subscriber, and the tracer provider that it was made with out of the \
          service; the monitor exports by OTEL_EXPORTER_OTLP_ENDPOINT or MonitorBuilder::otlp, with the feature otlp"
        ]
    );
    subscriber::with_default(subscriber, nested_spans);
    assert_eq!(told(&monitor), told_at_the_start);
}

#[test]
fn where_the_monitor_exports_nothing_it_is_told_that_ids_differ() {
    let monitor = TestMonitor::new("api");
    let subscriber =
        registry().with(theirs().with_filter(tracing_subscriber::filter::LevelFilter::INFO));
    let _subscriber = subscriber.with(monitor.log_layer());
    let told = told(&monitor);
    assert_eq!(told.len(), 1);
    let consequence = "spans are exported under other ids than log lines and exemplars have";
    assert!(told[0].contains(consequence), "{told:?}");
}

#[test]
fn a_layer_of_it_in_a_box_or_above_ours_is_told_of_by_its_first_spans() {
    for above in [false, true] {
        let monitor = exporting();
        if above {
            let ours = registry().with(monitor.log_layer());
            subscriber::with_default(ours.with(theirs()), nested_spans);
        } else {
            let boxed = registry().with(theirs().boxed());
            subscriber::with_default(boxed.with(monitor.log_layer()), nested_spans);
        }
        let told = told(&monitor);
        assert_eq!(told.len(), 1, "above: {above}, {told:?}");
        assert!(told[0].contains("exported twice"), "{told:?}");
    }
}

#[test]
fn where_it_is_not_there_nothing_is_told() {
    let monitor = exporting();
    let subscriber = registry().with(monitor.log_layer());
    subscriber::with_default(subscriber, nested_spans);
    assert_eq!(told(&monitor), [""; 0]);
}
