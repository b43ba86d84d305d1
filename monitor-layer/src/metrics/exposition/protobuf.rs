//! Delimited protobuf: `io.prometheus.client.MetricFamily` messages, each behind its length.

#![allow(deprecated)] // What replaces these readers is there only with `prometheus/protobuf`.

use prometheus::proto::{Metric as Message, MetricFamily, MetricType};

#[allow(unused_imports)] // Unused where the messages have the method themselves.
use super::message::GetValue as _;
use super::{Exposition, Head, HeadKind, Metric, Number, wire};
use crate::metrics::{
    instrument::{Histogram, Native, Reading},
    labels::pairs,
};

// Numbers of fields in `MetricFamily` and `Metric`.
const NAME: u32 = 1;
const HELP: u32 = 2;
const TYPE: u32 = 3;
const METRIC: u32 = 4;
const UNIT: u32 = 5;
const LABEL: u32 = 1;
const GAUGE: u32 = 2;
const COUNTER: u32 = 3;
const SUMMARY: u32 = 4;
const HISTOGRAM: u32 = 7;

// Values of `MetricType`.
const COUNTER_TYPE: u64 = 0;
const GAUGE_TYPE: u64 = 1;
const SUMMARY_TYPE: u64 = 2;
const UNTYPED_TYPE: u64 = 3;
const HISTOGRAM_TYPE: u64 = 4;

/// Several metrics of one name, each with what its registry adds to its series.
pub(super) struct Part<'a, 'b> {
    pub(super) metric: &'a mut Metric<'b>,
    pub(super) common: &'a [(String, String)],
}

/// Writes the family of `parts`; nothing where it has no samples.
pub(super) fn write_parts(out: &mut Vec<u8>, name: &str, parts: &mut [Part<'_, '_>]) {
    let Some(head) = parts.first().map(|part| part.metric.head) else {
        return;
    };
    let start = out.len();
    let mut samples = 0;
    wire::delimited(out, |out| {
        write_head(out, name, &head);
        for part in parts {
            let mut messages = Messages {
                out,
                kind: head.kind,
                common: part.common,
                reading: Reading::detailed(),
                written: 0,
            };
            part.metric.write(&mut messages);
            samples += messages.written;
        }
    });
    if samples == 0 {
        out.truncate(start);
    }
}

fn write_head(out: &mut Vec<u8>, name: &str, head: &Head<'_>) {
    wire::bytes(out, NAME, name.as_bytes());
    wire::bytes(out, HELP, head.help.as_bytes());
    let kind = match head.kind {
        HeadKind::Counter => COUNTER_TYPE,
        HeadKind::Gauge => GAUGE_TYPE,
        HeadKind::Histogram => HISTOGRAM_TYPE,
    };
    wire::varint(out, TYPE, kind);
    if let Some(unit) = head.unit {
        wire::bytes(out, UNIT, unit.as_bytes());
    }
}

struct Messages<'a> {
    out: &'a mut Vec<u8>,
    kind: HeadKind,
    common: &'a [(String, String)],
    reading: Reading,
    written: usize,
}

impl Messages<'_> {
    fn write(&mut self, labels: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.written += 1;
        let common = self.common;
        wire::message(self.out, METRIC, |out| {
            for (name, value) in pairs(labels) {
                wire::label(out, LABEL, name, &value);
            }
            for (name, value) in common {
                wire::label(out, LABEL, name, value);
            }
            write(out);
        });
    }
}

impl Exposition for Messages<'_> {
    fn has_exemplars(&self) -> bool {
        true
    }

    fn number(&mut self, labels: &str, value: Number) {
        let field = match self.kind {
            HeadKind::Counter => COUNTER,
            HeadKind::Gauge | HeadKind::Histogram => GAUGE,
        };
        self.write(labels, |out| {
            wire::message(out, field, |out| wire::double(out, 1, value.as_f64()));
        });
    }

    fn histogram(&mut self, labels: &str, histogram: &Histogram) -> u64 {
        let mut reading = std::mem::take(&mut self.reading);
        histogram.read(&mut reading);
        self.write(labels, |out| {
            wire::message(out, HISTOGRAM, |out| {
                write_histogram(out, &reading, histogram);
            });
        });
        self.reading = reading;
        self.reading.count()
    }
}

fn write_histogram(out: &mut Vec<u8>, reading: &Reading, histogram: &Histogram) {
    let layout = histogram.layout();
    let scale = layout.scale();
    wire::varint(out, 1, reading.count());
    wire::double(out, 2, reading.sum() as f64 / scale);
    let bounds = layout.bounds().iter().chain([&f64::INFINITY]);
    let mut cumulative = 0;
    for (at, (bound, count)) in bounds.zip(reading.buckets()).enumerate() {
        cumulative += count;
        wire::message(out, 3, |out| {
            wire::varint(out, 1, cumulative);
            wire::double(out, 2, *bound);
            if let Some(exemplar) = reading.exemplar(at) {
                wire::message(out, wire::BUCKET_EXEMPLAR, |out| {
                    wire::exemplar(out, exemplar, scale);
                });
            }
        });
    }
    let Some(native) = Native::of(reading, layout) else {
        return;
    };
    wire::varint(out, wire::SCHEMA, wire::zigzag(native.schema.into()));
    wire::double(out, wire::ZERO_THRESHOLD, native.zero_threshold);
    wire::varint(out, wire::ZERO_COUNT, native.zero_count);
    for (gap, length) in native.spans {
        wire::message(out, wire::POSITIVE_SPAN, |out| wire::span(out, gap, length));
    }
    for delta in native.deltas {
        wire::varint(out, wire::POSITIVE_DELTA, wire::zigzag(delta));
    }
}

/// Writes a family that somebody else put into the registry.
pub(super) fn write_family(out: &mut Vec<u8>, family: &MetricFamily) {
    let kind = match family.get_field_type() {
        MetricType::COUNTER => COUNTER_TYPE,
        MetricType::GAUGE => GAUGE_TYPE,
        MetricType::SUMMARY => SUMMARY_TYPE,
        MetricType::UNTYPED => UNTYPED_TYPE,
        MetricType::HISTOGRAM => HISTOGRAM_TYPE,
    };
    wire::delimited(out, |out| {
        wire::bytes(out, NAME, family.name().as_bytes());
        wire::bytes(out, HELP, family.help().as_bytes());
        wire::varint(out, TYPE, kind);
        for metric in family.get_metric() {
            wire::message(out, METRIC, |out| {
                write_message(out, metric, family.get_field_type());
            });
        }
    });
}

fn write_message(out: &mut Vec<u8>, metric: &Message, kind: MetricType) {
    for pair in metric.get_label() {
        wire::label(out, LABEL, pair.name(), pair.value());
    }
    let value = |field| {
        move |out: &mut Vec<u8>, value| {
            wire::message(out, field, |out| wire::double(out, 1, value));
        }
    };
    match kind {
        MetricType::COUNTER => value(COUNTER)(out, metric.get_counter().get_value()),
        MetricType::GAUGE => value(GAUGE)(out, metric.get_gauge().get_value()),
        // The crate has nothing that makes one.
        MetricType::UNTYPED => {}
        MetricType::SUMMARY => wire::message(out, SUMMARY, |out| {
            let summary = metric.get_summary();
            wire::varint(out, 1, summary.sample_count());
            wire::double(out, 2, summary.sample_sum());
            for quantile in summary.get_quantile() {
                wire::message(out, 3, |out| {
                    wire::double(out, 1, quantile.quantile());
                    wire::double(out, 2, quantile.value());
                });
            }
        }),
        MetricType::HISTOGRAM => wire::message(out, HISTOGRAM, |out| {
            let histogram = metric.get_histogram();
            wire::varint(out, 1, histogram.get_sample_count());
            wire::double(out, 2, histogram.get_sample_sum());
            for bucket in histogram.get_bucket() {
                wire::message(out, 3, |out| {
                    wire::varint(out, 1, bucket.cumulative_count());
                    wire::double(out, 2, bucket.upper_bound());
                });
            }
        }),
    }
}
