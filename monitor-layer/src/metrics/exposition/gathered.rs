//! Our instruments as the messages of the `prometheus` crate, whose encoders write them whole.

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram as HistogramMessage, LabelPair, Metric as Message,
    MetricFamily, MetricType,
};

use super::{Exposition, HeadKind, Metric, Number};
use crate::metrics::{
    instrument::{Histogram, Reading},
    labels::pairs,
};

/// One metric as a message.
pub(super) fn gathered(metric: &mut Metric<'_>) -> MetricFamily {
    let mut messages = Messages {
        kind: metric.head.kind,
        messages: Vec::new(),
        reading: Reading::detailed(),
    };
    metric.write(&mut messages);
    let mut family = MetricFamily::default();
    family.set_name(metric.head.name.to_owned());
    family.set_help(metric.head.help.to_owned());
    family.set_field_type(match metric.head.kind {
        HeadKind::Counter => MetricType::COUNTER,
        HeadKind::Gauge => MetricType::GAUGE,
        HeadKind::Histogram => MetricType::HISTOGRAM,
    });
    family.set_metric(messages.messages);
    family
}

struct Messages {
    kind: HeadKind,
    messages: Vec<Message>,
    reading: Reading,
}

impl Exposition for Messages {
    fn has_exemplars(&self) -> bool {
        cfg!(feature = "native-histograms")
    }

    fn number(&mut self, labels: &str, value: Number) {
        let mut message = labelled(labels);
        if self.kind == HeadKind::Counter {
            let mut counter = Counter::default();
            counter.set_value(value.as_f64());
            message.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value.as_f64());
            message.set_gauge(gauge);
        }
        self.messages.push(message);
    }

    fn histogram(&mut self, labels: &str, histogram: &Histogram) -> u64 {
        let reading = &mut self.reading;
        histogram.read(reading);
        let layout = histogram.layout();
        let mut cumulative = 0;
        let buckets = layout
            .bounds()
            .iter()
            .copied()
            // Only an exemplar gives the infinite bucket, which goes without saying, something to say.
            .chain(
                reading
                    .exemplar(layout.bounds().len())
                    .map(|_| f64::INFINITY),
            )
            .zip(reading.buckets())
            .map(|(bound, count)| {
                cumulative += count;
                let mut bucket = Bucket::default();
                bucket.set_upper_bound(bound);
                bucket.set_cumulative_count(cumulative);
                bucket
            });
        let mut message = HistogramMessage::default();
        message.set_bucket(buckets.collect());
        message.set_sample_sum(reading.sum() as f64 / layout.scale());
        message.set_sample_count(reading.count());
        #[cfg(feature = "native-histograms")]
        native::add_fields(&mut message, reading, layout);
        let mut labelled = labelled(labels);
        labelled.set_histogram(message);
        self.messages.push(labelled);
        reading.count()
    }
}

fn labelled(labels: &str) -> Message {
    let pairs = pairs(labels).map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value.into_owned());
        pair
    });
    Message::from_label(pairs.collect())
}

/// Fields that the crate's messages do not know: its encoder writes them all the same.
#[cfg(feature = "native-histograms")]
mod native {
    use super::{super::wire, Bucket, HistogramMessage};
    use crate::metrics::instrument::{Exemplar, Layout, Native, Reading};

    pub(super) fn add_fields(message: &mut HistogramMessage, reading: &Reading, layout: &Layout) {
        for (at, bucket) in message.bucket.iter_mut().enumerate() {
            if let Some(exemplar) = reading.exemplar(at) {
                add_exemplar(bucket, exemplar, layout.scale());
            }
        }
        add_native(message, reading, layout);
    }

    fn add_exemplar(bucket: &mut Bucket, exemplar: &Exemplar, scale: f64) {
        let mut message = Vec::new();
        wire::exemplar(&mut message, exemplar, scale);
        bucket
            .special_fields
            .mut_unknown_fields()
            .add_length_delimited(wire::BUCKET_EXEMPLAR, message);
    }

    fn add_native(message: &mut HistogramMessage, reading: &Reading, layout: &Layout) {
        let Some(native) = Native::of(reading, layout) else {
            return;
        };
        let fields = message.special_fields.mut_unknown_fields();
        fields.add_varint(wire::SCHEMA, wire::zigzag(native.schema.into()));
        fields.add_fixed64(wire::ZERO_THRESHOLD, native.zero_threshold.to_bits());
        fields.add_varint(wire::ZERO_COUNT, native.zero_count);
        for (gap, length) in &native.spans {
            let mut span = Vec::new();
            wire::span(&mut span, *gap, *length);
            fields.add_length_delimited(wire::POSITIVE_SPAN, span);
        }
        for delta in &native.deltas {
            fields.add_varint(wire::POSITIVE_DELTA, wire::zigzag(*delta));
        }
    }
}
