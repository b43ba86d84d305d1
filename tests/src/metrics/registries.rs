//! Registries that are not ours alone: what else is in them, what they add to names and labels, and other encoders.

use std::collections::{BTreeMap, HashMap};

use http::{Method, Request};
use monitor_layer::{ExchangeLayer, HttpMetrics, Sampler, TraceContextLayer, testing::TestMonitor};
use prometheus::{HistogramOpts, HistogramVec, IntCounter, Registry};

use super::{
    Form,
    exposition::{Exposition, Kind, Labels, assert_same},
    protobuf_of, scrape, statuses, text_of, value,
};
use crate::support::{send, send_request};

/// What does not move from one scrape to the next.
fn at_rest(read: &Exposition) -> BTreeMap<(String, Labels), String> {
    let moves = |name: &str| name.contains("metrics_scrape_") || name.contains("process_");
    let numbers = read.numbers().into_iter();
    numbers.filter(|((name, _), _)| !moves(name)).collect()
}

async fn answer_some(monitor: &TestMonitor) {
    let app = statuses().layer(monitor.layer()).with_state(());
    for status in [200, 200, 404, 503] {
        send(&app, Method::GET, &format!("/answer/{status}")).await;
    }
}

#[tokio::test]
async fn all_that_is_in_the_monitor_s_registry_is_served_each_metric_in_one_block() {
    let monitor = TestMonitor::new("api");
    let registry = monitor.registry();
    let orders = IntCounter::new("orders_total", "Orders \\ of\nall.").unwrap();
    registry.register(Box::new(orders.clone())).unwrap();
    let options = HistogramOpts::new("query_seconds", "Queries.").buckets(vec![0.1, 1.0]);
    let queries = HistogramVec::new(options, &["table"]).unwrap();
    registry.register(Box::new(queries.clone())).unwrap();
    let admin = HttpMetrics::builder().namespace("admin");
    let admin = super::measured(admin, registry);

    answer_some(&monitor).await;
    send(&admin, Method::GET, "/answer/204").await;
    orders.inc_by(3);
    queries.with_label_values(&["a\"\\\nb"]).observe(0.5);
    queries.with_label_values(&["jobs"]).observe(2.0);

    // The readers refuse a metric with two blocks.
    for form in Form::ALL {
        let read = scrape(&monitor, form).await;
        let value = |name, labels: &[_]| value(&read, name, labels);
        assert_eq!(value("orders_total", &[]), Some(3.0), "{form:?}");
        let quoted = [("table", "a\"\\\nb"), ("le", "1")];
        assert_eq!(value("query_seconds_bucket", &quoted), Some(1.0));
        let beyond = [("table", "jobs"), ("le", "+Inf")];
        assert_eq!(value("query_seconds_bucket", &beyond), Some(1.0));
        assert_eq!(value("query_seconds_sum", &[]), Some(2.5));
        assert_eq!(value("http_requests_started_total", &[]), Some(4.0));
        assert_eq!(value("admin_http_requests_started_total", &[]), Some(1.0));
        assert_eq!(
            value("http_requests_total", &[("status", "200")]),
            Some(2.0)
        );
        assert_eq!(
            value("admin_http_requests_total", &[("status", "204")]),
            Some(1.0)
        );
        assert_eq!(value("build_info", &[("service", "api")]), Some(1.0));
        // Nothing but what the crate's own encoder has, and all of it.
        assert_same(
            &format!("{form:?}"),
            &at_rest(&read),
            &at_rest(&text_of(registry)),
        );
    }
}

#[tokio::test]
async fn a_registry_s_prefix_and_labels_are_in_every_form_as_where_it_is_gathered() {
    let labels = [("zone", "a\"b\\\n"), ("cluster", "blue")];
    let labels: HashMap<_, _> = labels
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let registry = Registry::new_custom(Some("shop".to_owned()), Some(labels)).unwrap();
    let orders = IntCounter::new("orders_total", "Orders.").unwrap();
    registry.register(Box::new(orders)).unwrap();
    let monitor = TestMonitor::build("api", |builder| {
        let http = HttpMetrics::builder()
            .namespace("admin")
            .constant_label("port", "1");
        builder.registry(registry.clone()).http_metrics(http)
    })
    .unwrap();
    answer_some(&monitor).await;

    let gathered = text_of(&registry);
    let series = [
        ("zone", "a\"b\\\n"),
        ("cluster", "blue"),
        ("port", "1"),
        ("status", "503"),
    ];
    let name = "shop_admin_http_requests_total";
    assert_eq!(value(&gathered, name, &series), Some(1.0));
    for form in Form::ALL {
        let read = scrape(&monitor, form).await;
        for sample in read.samples() {
            assert!(sample.name.starts_with("shop_"), "{form:?} {sample:?}");
            assert_eq!(sample.labels["cluster"], "blue", "{form:?} {sample:?}");
        }
        assert_same(&format!("{form:?}"), &at_rest(&read), &at_rest(&gathered));
    }
}

#[tokio::test]
async fn a_foreign_registry_s_encoders_write_us_whole() {
    let registry = Registry::new();
    let builder = HttpMetrics::builder()
        .namespace("shop")
        .constant_label("region", "eu")
        .response_sizes()
        .response_start();
    let metrics = builder.register(&registry).unwrap();
    let app = statuses()
        .layer(ExchangeLayer::new(metrics))
        .layer(TraceContextLayer::new(Sampler::ratio(1.0).unwrap()))
        .with_state(());
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for status in [200, 200, 404] {
        let request = Request::get(format!("/answer/{status}"))
            .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
            .body(axum::body::Body::empty())
            .unwrap();
        send_request(&app, request).await;
    }
    let (text, protobuf) = (text_of(&registry), protobuf_of(&registry));
    assert_same("text and protobuf", &at_rest(&text), &at_rest(&protobuf));
    assert_eq!(
        value(&text, "shop_http_requests_total", &[("status", "200")]),
        Some(2.0)
    );

    let of = |name: &str| {
        let mut families = protobuf.families.iter();
        families.find(|family| family.name == name).unwrap()
    };
    for (name, series, observed) in [
        ("shop_http_request_duration_seconds", 2, 3),
        ("shop_http_response_size_bytes", 1, 3),
        ("shop_http_response_start_seconds", 1, 3),
    ] {
        let family = of(name);
        assert_eq!(family.kind, Kind::Histogram);
        assert_eq!(family.natives.len(), series, "{name}");
        let natives = family.natives.iter();
        assert!(natives.clone().all(|(_, native)| native.schema == 3));
        assert_eq!(
            natives.map(|(_, native)| native.count()).sum::<u64>(),
            observed
        );
        let mut exemplars = family
            .samples
            .iter()
            .filter_map(|sample| sample.exemplar.as_ref());
        let exemplar = exemplars.next().unwrap();
        assert_eq!(exemplar.labels["trace_id"], trace, "{name}");
        assert_eq!(exemplar.labels["span_id"].len(), 16, "{name}");
        assert!(exemplar.timestamp.is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_monitor_s_registry_comes_out_whole_by_the_crate_s_protobuf_encoder() {
    let monitor = TestMonitor::new("api");
    answer_some(&monitor).await;
    let (theirs, ours) = (
        protobuf_of(monitor.registry()),
        scrape(&monitor, Form::Protobuf).await,
    );
    assert_same("theirs and ours", &at_rest(&theirs), &at_rest(&ours));
    let natives = |read: &Exposition| {
        let families = read.families.iter();
        let natives = families.flat_map(|family| &family.natives);
        natives
            .map(|(labels, native)| (labels.clone(), native.buckets.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(natives(&theirs), natives(&ours));
    assert!(!natives(&ours).is_empty());
    assert_eq!(theirs.exemplars().count(), ours.exemplars().count());
}

#[test]
fn sets_that_differ_in_a_digit_of_a_label_stand_side_by_side_in_whatever_order() {
    // The registry knows each by a sum of hashes that a digit hardly changes.
    for step in 1..11 {
        let registry = Registry::new();
        for index in 0..11 {
            let port = (index * step % 11).to_string();
            let builder = HttpMetrics::builder().constant_label("port", port);
            builder.register(&registry).unwrap();
        }
    }
}

#[tokio::test]
async fn a_metric_that_only_one_of_several_has_samples_of_still_has_its_head() {
    let port = |port: String| HttpMetrics::builder().constant_label("port", port);
    let monitor =
        TestMonitor::build("api", |builder| builder.http_metrics(port("main".into()))).unwrap();
    // The registry has them in no order: most likely one without requests comes first.
    let ports = (0..8).map(|number| super::measured(port(number.to_string()), monitor.registry()));
    let ports: Vec<_> = ports.collect();
    send(&ports[3], Method::GET, "/answer/200").await;
    for form in Form::ALL {
        // The readers refuse samples without a head.
        let read = scrape(&monitor, form).await;
        let labels = [("port", "3"), ("status", "200")];
        assert_eq!(
            value(&read, "http_request_duration_seconds_count", &labels),
            Some(1.0)
        );
    }
}
