//! Registrations that are refused: each says what is wrong and how to avoid it, and leaves nothing behind.

use std::collections::HashMap;

use http::Method;
use monitor_layer::{HttpMetrics, HttpMetricsBuilder, LabelValues, testing::TestMonitor};
use prometheus::{CounterVec, IntCounter, Opts, Registry};

use super::{measured, text_of, value};
use crate::support::send;

const WAY_OUT: &str = "tell the two apart by HttpMetricsBuilder::namespace, or by a constant_label that both have with \
                       other values, or leave it out by without";

fn refused(builder: HttpMetricsBuilder, registry: &Registry) -> String {
    builder.register(registry).unwrap_err().to_string()
}

fn names(registry: &Registry) -> Vec<String> {
    let families = registry.gather();
    families
        .iter()
        .map(|family| family.name().to_owned())
        .collect()
}

/// What the builder itself refuses.
fn unusable(builder: HttpMetricsBuilder) -> String {
    let registry = Registry::new();
    let refused = refused(builder, &registry);
    assert_eq!(names(&registry), [""; 0]);
    refused
}

fn own(builder: HttpMetricsBuilder, name: &str) -> HttpMetricsBuilder {
    builder.request_label(name, LabelValues::Budget(5), |_| None)
}

#[tokio::test]
async fn twice_without_telling_the_two_apart() {
    let registry = Registry::new();
    let app = measured(HttpMetrics::builder(), &registry);
    assert_eq!(
        refused(HttpMetrics::builder(), &registry),
        format!(
            "the registry has a metric http_active_connections already, with no labels; the one to be registered \
             has no labels: {WAY_OUT}"
        )
    );
    send(&app, Method::GET, "/answer/200").await;
    let read = text_of(&registry);
    assert_eq!(value(&read, "http_requests_started_total", &[]), Some(1.0));
}

#[test]
fn a_second_monitor_in_one_registry() {
    let registry = Registry::new();
    let build = || {
        let registry = registry.clone();
        TestMonitor::build("api", |builder| builder.registry(registry))
    };
    let _first = build().unwrap();
    let before = names(&registry);
    assert_eq!(
        build().unwrap_err().to_string(),
        "the registry has a metric build_info already, with the labels env, service, version; the one to be \
         registered has the labels service, version, env: give the monitor a registry of its own by \
         MonitorBuilder::registry"
    );
    assert_eq!(names(&registry), before);
}

#[test]
fn a_metric_of_ours_that_somebody_else_shows_with_other_labels() {
    let registry = Registry::new();
    let options = Opts::new("http_requests_total", "Somebody else's.");
    let theirs = CounterVec::new(options, &["code", "path"]).unwrap();
    theirs.with_label_values(&["200", "/"]).inc();
    registry.register(Box::new(theirs)).unwrap();
    assert_eq!(
        refused(HttpMetrics::builder(), &registry),
        format!(
            "the registry has a metric http_requests_total already, with the labels code, path; the one to be \
             registered has the labels method, route, status: {WAY_OUT}"
        )
    );
    assert_eq!(names(&registry), ["http_requests_total"]);

    let without = HttpMetrics::builder().without("http_requests_total");
    without.register(&registry).unwrap();
}

#[test]
fn a_metric_of_ours_that_somebody_else_has_without_any_series_yet() {
    let registry = Registry::new();
    let options = Opts::new("http_requests_total", "Somebody else's.");
    let theirs = CounterVec::new(options, &["code"]).unwrap();
    registry.register(Box::new(theirs)).unwrap();
    assert_eq!(
        refused(HttpMetrics::builder(), &registry),
        format!(
            "the registry has a metric http_requests_total already; the one to be registered has the labels method, \
             route, status: {WAY_OUT}"
        )
    );
    assert_eq!(names(&registry), [""; 0]);
    let shop = HttpMetrics::builder().namespace("shop");
    shop.register(&registry).unwrap();
}

#[test]
fn what_was_refused_can_be_registered_by_somebody_else() {
    let registry = Registry::new();
    let theirs = IntCounter::new("http_requests_total", "Somebody else's.").unwrap();
    registry.register(Box::new(theirs)).unwrap();
    refused(HttpMetrics::builder(), &registry);
    for name in [
        "http_request_duration_seconds",
        "http_requests_started_total",
    ] {
        let theirs = CounterVec::new(Opts::new(name, "Theirs."), &["code"]).unwrap();
        registry.register(Box::new(theirs)).unwrap();
    }
}

#[test]
fn a_constant_label_that_the_other_lacks_is_named() {
    let registry = Registry::new();
    HttpMetrics::builder().register(&registry).unwrap();
    let labelled = HttpMetrics::builder().constant_label("port", "admin");
    assert_eq!(
        refused(labelled, &registry),
        format!(
            "the registry has a metric http_active_connections already, with no labels; the one to be registered \
             has the labels port: {WAY_OUT}"
        )
    );
}

#[test]
fn another_value_of_one_constant_label_where_another_label_is_missing_names_both_sides() {
    let registry = Registry::new();
    let first = HttpMetrics::builder()
        .constant_label("port", "public")
        .constant_label("zone", "a");
    first.register(&registry).unwrap();
    let second = HttpMetrics::builder().constant_label("port", "admin");
    let refused = refused(second, &registry);
    assert!(refused.contains("already, with the labels"), "{refused}");
    assert!(refused.contains("zone"), "{refused}");
}

#[test]
fn a_prefix_of_the_registry_that_makes_another_name_look_like_ours_is_no_collision() {
    let registry = Registry::new_custom(Some("http".to_owned()), None).unwrap();
    let theirs = IntCounter::new("requests_total", "Theirs.").unwrap();
    registry.register(Box::new(theirs)).unwrap();
    HttpMetrics::builder().register(&registry).unwrap();
}

#[test]
fn twice_in_a_registry_with_a_prefix_names_both_sides() {
    let labels = HashMap::from([("region".to_owned(), "eu".to_owned())]);
    let registry = Registry::new_custom(Some("shop".to_owned()), Some(labels)).unwrap();
    let _first = measured(HttpMetrics::builder(), &registry);
    assert!(refused(HttpMetrics::builder(), &registry).contains("already, with"));
}

#[test]
fn twice_in_a_registry_with_a_prefix() {
    let registry = Registry::new_custom(Some("shop".to_owned()), None).unwrap();
    HttpMetrics::builder().register(&registry).unwrap();
    let before = names(&registry);
    let refused = refused(HttpMetrics::builder(), &registry);
    assert!(
        refused.starts_with("the registry has a metric "),
        "{refused}"
    );
    assert!(refused.ends_with(WAY_OUT), "{refused}");
    assert_eq!(names(&registry), before);
}

#[test]
fn a_label_that_is_there_already() {
    for name in [
        "method",
        "route",
        "status",
        "outcome",
        "kind",
        "grpc_status",
        "le",
    ] {
        let said =
            format!("the label {name:?} is there already; give the label of your own another name");
        assert_eq!(unusable(own(HttpMetrics::builder(), name)), said);
        let constant = HttpMetrics::builder().constant_label(name, "x");
        assert_eq!(unusable(constant), said);
    }
    let said = "the label \"plan\" is there already; give the label of your own another name";
    let constant = HttpMetrics::builder().constant_label("plan", "x");
    assert_eq!(unusable(own(constant, "plan")), said);
    assert_eq!(
        unusable(own(own(HttpMetrics::builder(), "plan"), "plan")),
        said
    );
}

#[test]
fn a_third_label_of_one_s_own() {
    let three = own(own(own(HttpMetrics::builder(), "one"), "two"), "three");
    assert_eq!(
        unusable(three),
        "the label \"three\" is one too many; expected up to two labels of your own"
    );
}

#[test]
fn names_that_prometheus_does_not_take() {
    let said = |what, name| {
        format!(
            "{name:?} is no name for a {what}; expected letters, digits and underscores that do not start with a \
             digit, and no two underscores at a label's start"
        )
    };
    for name in ["", "1st", "my-shop", "my shop", "é", "a\"", "a\n"] {
        let namespace = HttpMetrics::builder().namespace(name);
        assert_eq!(unusable(namespace), said("namespace", name));
        let constant = HttpMetrics::builder().constant_label(name, "x");
        assert_eq!(unusable(constant), said("label", name));
        assert_eq!(
            unusable(own(HttpMetrics::builder(), name)),
            said("label", name)
        );
    }
    for name in ["__name__", "a:b"] {
        assert_eq!(
            unusable(own(HttpMetrics::builder(), name)),
            said("label", name)
        );
    }
}

#[test]
fn buckets_that_cannot_be_counted_by() {
    let too_many: Vec<_> = (1..=65).map(f64::from).collect();
    for bounds in [
        vec![1.0, 1.0],
        vec![2.0, 1.0],
        vec![f64::NAN],
        vec![1.0, f64::NAN],
        vec![1.0, f64::INFINITY],
        vec![f64::NEG_INFINITY, 1.0],
        vec![0.0, 1.0],
        vec![-1.0, 1.0],
        too_many,
    ] {
        let expected = "expected up to 64 finite upper bounds above 0 that ascend";
        let durations = HttpMetrics::builder().duration_buckets(bounds.clone());
        assert_eq!(
            unusable(durations),
            format!("http_request_duration_seconds cannot have the buckets {bounds:?}; {expected}")
        );
        let sizes = HttpMetrics::builder().size_buckets(bounds.clone());
        assert_eq!(
            unusable(sizes),
            format!("http_request_size_bytes cannot have the buckets {bounds:?}; {expected}")
        );
    }
    let most: Vec<_> = (1..=64).map(f64::from).collect();
    let most = HttpMetrics::builder().duration_buckets(most);
    most.register(&Registry::new()).unwrap();
}

#[test]
fn an_unknown_metric_to_leave_out() {
    for name in [
        "http_request_total",
        "shop_http_requests_total",
        "signups_total",
        "",
    ] {
        let without = HttpMetrics::builder().namespace("shop").without(name);
        assert_eq!(
            unusable(without),
            format!(
                "there is no metric {name:?} to leave out; expected one of http_request_duration_seconds, \
                 http_requests_total, http_active_connections, http_requests_started_total, \
                 http_request_outcomes_total, http_request_size_bytes, http_response_size_bytes, \
                 http_response_start_seconds, http_stream_duration_seconds, grpc_requests_total"
            )
        );
    }
}

#[test]
fn a_monitor_says_it_as_the_builder_does() {
    let refused = TestMonitor::build("api", |builder| {
        builder.http_metrics(HttpMetrics::builder().namespace("1st"))
    });
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .starts_with("\"1st\" is no name for a namespace;")
    );
}
