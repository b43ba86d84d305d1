//! What `HttpMetrics::builder()` can be told: names, constant labels, buckets, and what is left out.

use http::Method;
use monitor_layer::{HttpMetrics, HttpMetricsBuilder, testing::TestMonitor};
use prometheus::Registry;

use super::{Form, exposition::Exposition, measured, scrape, statuses, text_of, value};
use crate::support::send;

const OK: [(&str, &str); 3] = [
    ("method", "GET"),
    ("route", "/answer/{status}"),
    ("status", "200"),
];

async fn ask(builder: HttpMetricsBuilder, registry: &Registry, times: usize) {
    let app = measured(builder, registry);
    for _ in 0..times {
        send(&app, Method::GET, "/answer/200").await;
    }
}

fn bounds(read: &Exposition, name: &str) -> Vec<String> {
    let mut bounds: Vec<_> = read
        .samples()
        .filter(|sample| sample.name == name)
        .filter(|sample| {
            sample
                .labels
                .get("status")
                .is_none_or(|status| status == "200")
        })
        .map(|sample| sample.labels["le"].clone())
        .collect();
    bounds.dedup();
    bounds
}

#[tokio::test]
async fn a_namespace_stands_in_every_name_and_a_constant_label_on_every_series() {
    let registry = Registry::new();
    let builder = HttpMetrics::builder()
        .namespace("shop")
        .constant_label("region", "eu\"1\"\\\n")
        .response_sizes()
        .response_start();
    ask(builder, &registry, 1).await;
    let read = text_of(&registry);
    let names: Vec<_> = read.families.iter().map(|family| &*family.name).collect();
    assert_eq!(
        names,
        [
            "shop_http_active_connections",
            "shop_http_request_duration_seconds",
            "shop_http_request_outcomes_total",
            "shop_http_requests_started_total",
            "shop_http_requests_total",
            "shop_http_response_size_bytes",
            "shop_http_response_start_seconds",
        ]
    );
    for sample in read.samples() {
        assert_eq!(sample.labels["region"], "eu\"1\"\\\n", "{sample:?}");
    }
    assert_eq!(value(&read, "shop_http_requests_total", &OK), Some(1.0));
}

#[tokio::test]
async fn two_in_one_registry_count_apart_by_their_namespaces() {
    let registry = Registry::new();
    ask(HttpMetrics::builder(), &registry, 1).await;
    ask(HttpMetrics::builder().namespace("admin"), &registry, 2).await;
    let read = text_of(&registry);
    assert_eq!(value(&read, "http_requests_total", &OK), Some(1.0));
    assert_eq!(value(&read, "admin_http_requests_total", &OK), Some(2.0));
}

#[tokio::test]
async fn two_in_one_registry_count_apart_by_a_constant_label() {
    let registry = Registry::new();
    for (port, times) in [("public", 1), ("admin", 2)] {
        let builder = HttpMetrics::builder().constant_label("port", port);
        ask(builder, &registry, times).await;
    }
    // The reader refuses a family with two blocks and a series that is there twice.
    let read = text_of(&registry);
    for (port, times) in [("public", 1.0), ("admin", 2.0)] {
        for name in ["http_requests_total", "http_request_duration_seconds_count"] {
            let labels = [&OK[..], &[("port", port)]].concat();
            assert_eq!(value(&read, name, &labels), Some(times), "{name} {port}");
        }
        let started = value(&read, "http_requests_started_total", &[("port", port)]);
        assert_eq!(started, Some(times));
    }
}

#[tokio::test]
async fn two_of_one_monitor_s_registry_share_their_blocks_in_every_form() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.http_metrics(HttpMetrics::builder().constant_label("port", "public"))
    })
    .unwrap();
    let public = statuses().layer(monitor.layer()).with_state(());
    send(&public, Method::GET, "/answer/200").await;
    let admin = HttpMetrics::builder().constant_label("port", "admin");
    ask(admin, monitor.registry(), 2).await;
    for form in Form::ALL {
        let read = scrape(&monitor, form).await;
        for (port, times) in [("public", 1.0), ("admin", 2.0)] {
            for name in ["http_requests_total", "http_request_duration_seconds_count"] {
                let labels = [&OK[..], &[("port", port)]].concat();
                assert_eq!(value(&read, name, &labels), Some(times), "{form:?} {name}");
            }
            let active = value(&read, "http_active_connections", &[("port", port)]);
            assert_eq!(active, Some(0.0), "{form:?}");
        }
    }
}

#[tokio::test]
async fn buckets_of_one_s_own_take_the_place_of_ours() {
    let registry = Registry::new();
    let builder = HttpMetrics::builder()
        .duration_buckets([0.25, 2.5])
        .size_buckets([10.0])
        .response_sizes()
        .response_start();
    ask(builder, &registry, 1).await;
    let read = text_of(&registry);
    for name in ["request_duration_seconds", "response_start_seconds"] {
        let bounds = bounds(&read, &format!("http_{name}_bucket"));
        assert_eq!(bounds, ["0.25", "2.5", "+Inf"], "{name}");
    }
    let sizes = bounds(&read, "http_response_size_bytes_bucket");
    assert_eq!(sizes, ["10", "+Inf"]);
}

#[tokio::test]
async fn no_buckets_at_all_leave_the_infinite_one() {
    let registry = Registry::new();
    ask(HttpMetrics::builder().duration_buckets([]), &registry, 1).await;
    let read = text_of(&registry);
    let bounds = bounds(&read, "http_request_duration_seconds_bucket");
    assert_eq!(bounds, ["+Inf"]);
}

#[tokio::test]
async fn what_is_left_out_is_not_there_and_the_rest_counts_on() {
    let registry = Registry::new();
    let builder = HttpMetrics::builder()
        .namespace("shop")
        .without("http_active_connections")
        .without("http_request_outcomes_total");
    ask(builder, &registry, 2).await;
    let read = text_of(&registry);
    let names: Vec<_> = read.families.iter().map(|family| &*family.name).collect();
    assert_eq!(
        names,
        [
            "shop_http_request_duration_seconds",
            "shop_http_requests_started_total",
            "shop_http_requests_total"
        ]
    );
    assert_eq!(value(&read, "shop_http_requests_total", &OK), Some(2.0));
}

#[tokio::test]
async fn requests_are_counted_where_durations_are_left_out() {
    let monitor = TestMonitor::build("api", |builder| {
        let http = HttpMetrics::builder().without("http_request_duration_seconds");
        builder.http_metrics(http)
    })
    .unwrap();
    let app = statuses().layer(monitor.layer()).with_state(());
    for _ in 0..3 {
        send(&app, Method::GET, "/answer/200").await;
    }
    for form in Form::ALL {
        let read = scrape(&monitor, form).await;
        assert_eq!(value(&read, "http_requests_total", &OK), Some(3.0));
        let failed = [OK[0], OK[1], ("status", "500")];
        assert_eq!(value(&read, "http_requests_total", &failed), Some(0.0));
        let durations = value(&read, "http_request_duration_seconds_count", &[]);
        assert_eq!(durations, None, "{form:?}");
    }
    let gathered = text_of(monitor.registry());
    assert_eq!(value(&gathered, "http_requests_total", &OK), Some(3.0));
}
