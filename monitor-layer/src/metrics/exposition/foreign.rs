//! What others put into the registry, in the text formats: gathered messages, not our instruments.

#![allow(deprecated)] // What replaces these readers is there only with `prometheus/protobuf`.

use prometheus::proto::{Metric, MetricFamily, MetricType};

#[allow(unused_imports)] // Unused where the messages have the method themselves.
use super::message::GetValue as _;
use super::{
    Number,
    number::bound_text,
    text::{Dialect, TextWriter},
};
use crate::metrics::labels::push_pair;

impl TextWriter<'_> {
    /// Writes a whole gathered family.
    pub(super) fn write_family(&mut self, family: &MetricFamily) {
        let kind = match (family.get_field_type(), self.dialect) {
            (MetricType::COUNTER, _) => "counter",
            (MetricType::GAUGE, _) => "gauge",
            (MetricType::HISTOGRAM, _) => "histogram",
            (MetricType::SUMMARY, _) => "summary",
            (MetricType::UNTYPED, Dialect::Text) => "untyped",
            (MetricType::UNTYPED, Dialect::OpenMetrics) => "unknown",
        };
        self.write_head(family.name(), family.help(), kind, None);
        for metric in family.get_metric() {
            let labels = labels_of(metric);
            match family.get_field_type() {
                MetricType::COUNTER => {
                    let value = metric.get_counter().get_value();
                    self.write_sample(self.counter_suffix(), &labels, Number::Value(value));
                }
                MetricType::GAUGE => {
                    let value = metric.get_gauge().get_value();
                    self.write_sample("", &labels, Number::Value(value));
                }
                MetricType::HISTOGRAM => self.write_histogram(metric, &labels),
                MetricType::SUMMARY => self.write_summary(metric, &labels),
                MetricType::UNTYPED => {}
            }
        }
    }

    fn write_histogram(&mut self, metric: &Metric, labels: &str) {
        let histogram = metric.get_histogram();
        let count = Number::Count(histogram.get_sample_count());
        for bucket in histogram.get_bucket() {
            // Written below, whether it is among these or not.
            if bucket.upper_bound().is_finite() {
                let le = extra("le", bucket.upper_bound(), self.dialect);
                self.write_series("_bucket", [labels, &le]);
                self.write_value(Number::Count(bucket.cumulative_count()));
            }
        }
        let le = extra("le", f64::INFINITY, self.dialect);
        self.write_series("_bucket", [labels, &le]);
        self.write_value(count);
        let sum = Number::Value(histogram.get_sample_sum());
        self.write_sample("_sum", labels, sum);
        self.write_sample("_count", labels, count);
    }

    fn write_summary(&mut self, metric: &Metric, labels: &str) {
        let summary = metric.get_summary();
        for quantile in summary.get_quantile() {
            let label = extra("quantile", quantile.quantile(), self.dialect);
            self.write_series("", [labels, &label]);
            self.write_value(Number::Value(quantile.value()));
        }
        self.write_sample("_sum", labels, Number::Value(summary.sample_sum()));
        self.write_sample("_count", labels, Number::Count(summary.sample_count()));
    }

    fn write_sample(&mut self, suffix: &str, labels: &str, value: Number) {
        self.write_series(suffix, [labels, ""]);
        self.write_value(value);
    }
}

fn labels_of(metric: &Metric) -> String {
    let mut labels = String::new();
    for pair in metric.get_label() {
        if !labels.is_empty() {
            labels.push(',');
        }
        push_pair(&mut labels, pair.name(), pair.value());
    }
    labels
}

fn extra(name: &str, bound: f64, dialect: Dialect) -> String {
    let mut label = String::new();
    push_pair(&mut label, name, &bound_text(bound, dialect));
    label
}
