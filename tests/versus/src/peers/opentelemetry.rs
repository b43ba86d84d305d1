//! `opentelemetry` with its SDK: attributes are hashed per observation, in the order they come in.
//!
//! Its reader never collects, so that nothing runs beside what is timed.

use opentelemetry::{
    KeyValue,
    metrics::{Histogram, MeterProvider as _},
};
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};

use super::NAME;
use crate::workload::{BUCKETS, Labels};

/// A histogram, and the provider that has to live as long.
#[must_use]
pub fn histogram() -> (SdkMeterProvider, Histogram<f64>) {
    let provider = SdkMeterProvider::builder()
        .with_reader(ManualReader::builder().build())
        .build();
    let histogram = provider
        .meter("versus")
        .f64_histogram(NAME)
        .with_boundaries(BUCKETS.to_vec())
        .build();
    (provider, histogram)
}

/// Finds the series and observes.
pub fn observe(histogram: &Histogram<f64>, labels: &Labels, seconds: f64) {
    let [method, route, status] = labels.text;
    histogram.record(
        seconds,
        &[
            KeyValue::new("method", method),
            KeyValue::new("route", route),
            KeyValue::new("status", status),
        ],
    );
}
