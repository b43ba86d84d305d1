//! The fields of the spans around an event, however these came to be around it.

use monitor_layer::{Monitor, current, instrument_step};
use serde_json::{Value, json};
use tracing::{Instrument as _, Subscriber, debug_span, info, info_span};
use tracing_subscriber::{
    Layer as _,
    filter::LevelFilter,
    layer::{Identity, SubscriberExt as _},
};

use crate::support::Written;

fn monitor(written: &Written) -> Monitor {
    Monitor::builder("api")
        .service_name("api")
        .log_level("debug")
        .log_to(written.clone())
        .build()
        .unwrap()
}

/// What was written in an event's `metadata`; the entry has the ids of a span.
fn metadata(written: &Written, message: &str) -> Value {
    let lines = written.lines();
    let mut found = lines.iter().filter(|line| line["message"] == message);
    let line = found.next().unwrap();
    assert!(line["traceId"].is_string() && line["spanId"].is_string());
    line["metadata"].clone()
}

#[tokio::test]
async fn a_span_takes_its_outer_ones_along_to_where_it_is_entered() {
    let written = Written::default();
    let monitor = monitor(&written);
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    let _guard = tracing::subscriber::set_default(subscriber);
    let spawned = info_span!("outer", outer = 1).in_scope(|| {
        let work = async { info!("spawned") };
        tokio::spawn(work.instrument(info_span!("inner", inner = 2)))
    });
    spawned.await.unwrap();
    assert_eq!(
        metadata(&written, "spawned"),
        json!({"inner": 2, "outer": 1})
    );
}

#[tokio::test]
async fn jobs_and_steps_between_hide_none() {
    #[instrument_step]
    async fn render() {
        info_span!("inner", inner = 4).in_scope(|| info!("inside"));
        info!("in the step");
    }

    let written = Written::default();
    let monitor = monitor(&written);
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    let _guard = tracing::subscriber::set_default(subscriber);
    let work = async {
        let work = async {
            render().await;
            info_span!("spawner", spawner = 2).in_scope(|| current().enter(|| info!("elsewhere")));
            Ok::<_, std::io::Error>(())
        };
        let job = monitor.job("job-1");
        job.run(work.instrument(info_span!("in the job", in_job = 5)))
            .await
    };
    work.instrument(info_span!("outer", outer = 1))
        .await
        .unwrap();
    let around = json!({"in_job": 5, "outer": 1, "step": "render"});
    assert_eq!(metadata(&written, "in the step"), around);
    let mut inside = around;
    inside["inner"] = json!(4);
    assert_eq!(metadata(&written, "inside"), inside);
    assert_eq!(
        metadata(&written, "elsewhere"),
        json!({"spawner": 2, "in_job": 5, "outer": 1})
    );
}

/// `filtered` is a span that the log layer does not see.
fn through_a_filtered_span(written: &Written, subscriber: impl Subscriber + Send + Sync + 'static) {
    tracing::subscriber::with_default(subscriber, || {
        let outer = info_span!("outer", outer = 1).entered();
        let filtered = debug_span!("filtered", filtered = 2);
        filtered.in_scope(|| {
            info!("inside");
            info_span!("inner", inner = 3).in_scope(|| info!("further in"));
        });
        drop(outer);
        info_span!(parent: &filtered, "named", named = 4).in_scope(|| info!("below"));
    });
    for (message, expected) in [
        ("inside", json!({"outer": 1})),
        ("further in", json!({"inner": 3, "outer": 1})),
        ("below", json!({"named": 4, "outer": 1})),
    ] {
        assert_eq!(metadata(written, message), expected, "{message}");
    }
}

#[test]
fn a_span_that_is_filtered_out_hides_none() {
    let written = Written::default();
    let log = monitor(&written).log_layer().with_filter(LevelFilter::INFO);
    // A layer that sees everything, or there would be no such span.
    let subscriber = tracing_subscriber::registry()
        .with(Identity::new())
        .with(log);
    through_a_filtered_span(&written, subscriber);
}

#[test]
fn a_span_that_the_span_layer_alone_sees_hides_none() {
    let written = Written::default();
    let monitor = monitor(&written);
    let log = monitor.log_layer().with_filter(LevelFilter::INFO);
    let subscriber = tracing_subscriber::registry()
        .with(monitor.span_layer())
        .with(log);
    through_a_filtered_span(&written, subscriber);
}
