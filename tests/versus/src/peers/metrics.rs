//! `metrics` with `metrics-exporter-prometheus`: a key is made and hashed per observation, the observation kept until
//! the exporter drains it.
//!
//! The recorder is set for the thread, as the global one is axum-prometheus'; to find it costs about the same.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::NAME;
use crate::workload::{BUCKETS, Labels};

/// A recorder; `handle().run_upkeep()` drains it.
#[must_use]
pub fn recorder() -> PrometheusRecorder {
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).unwrap();
    builder.build_recorder()
}

/// Finds the series in the thread's recorder and observes.
pub fn observe(labels: &Labels, seconds: f64) {
    let [method, route, status] = labels.text;
    metrics::histogram!(NAME, "method" => method, "route" => route, "status" => status)
        .record(seconds);
}
