use std::collections::BTreeMap;

use prometheus::{Registry, proto::MetricType};

#[allow(unused_imports)] // Unused where the messages have the method themselves.
use super::message::GetValue as _;

/// One number of a scrape.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// Every number that a scrape would show; a histogram as `_bucket`, `_sum` and `_count`.
#[allow(deprecated)] // What replaces these readers is there only with `prometheus/protobuf`.
pub(crate) fn samples(registry: &Registry) -> Vec<Sample> {
    let mut samples = Vec::new();
    for family in registry.gather() {
        for metric in family.get_metric() {
            let labels: BTreeMap<String, String> = metric
                .get_label()
                .iter()
                .map(|pair| (pair.name().to_owned(), pair.value().to_owned()))
                .collect();
            let mut add = |suffix: &str, bound: Option<f64>, value: f64| {
                let mut labels = labels.clone();
                labels.extend(bound.map(|bound| ("le".to_owned(), bound.to_string())));
                samples.push(Sample {
                    name: format!("{}{suffix}", family.name()),
                    labels,
                    value,
                });
            };
            match family.get_field_type() {
                MetricType::COUNTER => add("", None, metric.get_counter().get_value()),
                MetricType::GAUGE => add("", None, metric.get_gauge().get_value()),
                MetricType::HISTOGRAM => {
                    let histogram = metric.get_histogram();
                    add("_count", None, histogram.get_sample_count() as f64);
                    add("_sum", None, histogram.get_sample_sum());
                    for bucket in histogram.get_bucket() {
                        add(
                            "_bucket",
                            Some(bucket.upper_bound()),
                            bucket.cumulative_count() as f64,
                        );
                    }
                }
                MetricType::SUMMARY | MetricType::UNTYPED => {}
            }
        }
    }
    samples
}
