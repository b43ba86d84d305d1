//! Whatever can happen, the metrics are the catalogue's, each with its labels.

use std::{collections::BTreeMap, io, time::Duration};

use axum::{Router, body::Body, routing::post};
use http::{Method, Request};
use monitor_layer::{
    HttpMetrics, JobEnd, JobStatus, Revenue, instrument_step, testing::TestMonitor,
};
use prometheus::proto::LabelPair;
use tower::{Layer as _, ServiceExt as _};

use crate::support::send;

#[instrument_step]
async fn render() {}

async fn drive(monitor: &TestMonitor) {
    let app: Router = Router::new()
        .route("/jobs", post(async || "accepted"))
        .merge(monitor.routes())
        .layer(monitor.layer().request_sizes());
    send(&app, Method::POST, "/jobs").await;
    send(&app, Method::GET, "/ready").await;
    let client = monitor.client_layer().layer(app.clone());
    let call = Request::post("/jobs").body(Body::empty()).unwrap();
    drop(client.oneshot(call).await);

    let job = monitor
        .job("job-1")
        .niche("history")
        .queued_for(Duration::ZERO);
    let work = async {
        render().await;
        Ok::<_, io::Error>(())
    };
    job.run(work).await.unwrap();

    monitor.queue().depth(1);
    monitor.queue().jobs(JobStatus::Queued, 1);
    let business = monitor.business();
    business.credits_used(1.0).unwrap();
    business.revenue(Revenue::Purchase, 9.9).unwrap();
    business.refund(Revenue::Purchase, 9.9).unwrap();
    business.signup("email");
    business.conversion("trial_to_paid");
    business
        .job_cost("history", JobEnd::Completed, "gpu", 0.1)
        .unwrap();
    send(&app, Method::GET, "/metrics").await;
}

#[tokio::test]
async fn every_metric_of_the_catalogue_is_there_with_its_labels_and_no_other() {
    let monitor = TestMonitor::build("api", |builder| {
        builder
            .http_metrics(HttpMetrics::builder().response_sizes().response_start())
            .check("database", || async { Ok::<_, io::Error>(()) })
    })
    .unwrap();
    drive(&monitor).await;
    let measured: BTreeMap<String, String> = monitor
        .registry()
        .gather()
        .iter()
        .filter(|family| !family.name().starts_with("process_"))
        .map(|family| {
            let labels = family.get_metric()[0].get_label();
            let labels: Vec<_> = labels.iter().map(LabelPair::name).collect();
            (family.name().to_owned(), labels.join(" "))
        })
        .collect();
    let expected = BTreeMap::from(
        [
            ("build_info", "env service version"),
            ("conversions_total", "type"),
            ("credits_used_total", ""),
            ("errors_total", "category"),
            ("health_check_duration_seconds", "check"),
            ("health_check_status", "check"),
            ("http_active_connections", ""),
            (
                "http_client_request_duration_seconds",
                "host_group method status",
            ),
            ("http_request_duration_seconds", "method route status"),
            ("http_request_outcomes_total", "outcome"),
            ("http_request_size_bytes", "method route"),
            ("http_requests_started_total", ""),
            ("http_requests_total", "method route status"),
            ("http_response_size_bytes", "method route"),
            ("http_response_start_seconds", "method route"),
            ("job_cost_usd_total", "niche resource status"),
            ("job_duration_seconds", "niche status"),
            ("job_queue_depth", ""),
            ("job_queue_wait_seconds", "niche"),
            ("jobs_by_status", "status"),
            ("log_lines_suppressed_total", "level"),
            ("metrics_label_overflow_total", "label metric"),
            ("metrics_scrape_duration_seconds", ""),
            ("metrics_scrape_size_bytes", ""),
            ("pipeline_step_duration_seconds", "status step"),
            ("pipeline_steps_active", "step"),
            ("refunds_usd_total", "type"),
            ("revenue_usd_total", "type"),
            ("signups_total", "method"),
            ("telemetry_dropped_total", "signal"),
        ]
        .map(|(name, labels)| (name.to_owned(), labels.to_owned())),
    );
    assert_eq!(measured, expected);
}

#[tokio::test]
async fn closed_values_of_counters_are_there_at_0_before_anything_happens() {
    let monitor = TestMonitor::new("api");
    for (name, label, values) in [
        (
            "http_request_outcomes_total",
            "outcome",
            &[
                "completed",
                "cancelled",
                "aborted",
                "failed",
                "panicked",
                "upgraded",
            ][..],
        ),
        (
            "errors_total",
            "category",
            &[
                "auth",
                "pipeline",
                "payment",
                "timeout",
                "rate_limit",
                "unknown",
            ],
        ),
        ("revenue_usd_total", "type", &["purchase", "subscription"]),
        ("refunds_usd_total", "type", &["purchase", "subscription"]),
        ("signups_total", "method", &["email", "google"]),
        (
            "telemetry_dropped_total",
            "signal",
            &["logs", "spans", "errors", "alerts", "observers"],
        ),
        ("log_lines_suppressed_total", "level", &["warn", "error"]),
    ] {
        for value in values {
            let labels = [(label, *value)];
            assert!(monitor.has_metric(name, labels), "{name} {value}");
            assert_eq!(monitor.metric(name, labels), 0.0);
        }
    }
    for gauge in ["job_queue_depth", "jobs_by_status"] {
        assert!(
            !monitor.has_metric(gauge, []),
            "nobody has reported {gauge}"
        );
    }
}

#[test]
fn a_registry_that_has_a_metric_of_ours_is_refused_by_name() {
    let registry = prometheus::Registry::new();
    let own = prometheus::IntCounter::new("signups_total", "Mine.").unwrap();
    registry.register(Box::new(own)).unwrap();
    let refused = TestMonitor::build("api", |builder| builder.registry(registry)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the registry has a metric signups_total already, with no labels; the one to be registered has the labels \
         method: give the monitor a registry of its own by MonitorBuilder::registry"
    );
}
