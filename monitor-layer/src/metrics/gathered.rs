//! Our instruments in the shape that a `prometheus::Registry` gathers.

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};

use super::{
    catalog::{Definition, Kind},
    histogram::Snapshot,
};

/// The samples of one metric.
pub(super) struct Samples {
    definition: &'static Definition,
    metrics: Vec<Metric>,
}

impl Samples {
    pub(super) fn of(definition: &'static Definition) -> Self {
        Self {
            definition,
            metrics: Vec::new(),
        }
    }

    /// Adds a sample; the values stand in the order of the definition's labels.
    pub(super) fn add(&mut self, values: &[&str], number: f64) {
        let mut metric = self.labelled(values);
        match self.definition.kind {
            Kind::Gauge => {
                let mut gauge = Gauge::default();
                gauge.set_value(number);
                metric.set_gauge(gauge);
            }
            Kind::Counter | Kind::Seconds(_) | Kind::Bytes(_) => {
                let mut counter = Counter::default();
                counter.set_value(number);
                metric.set_counter(counter);
            }
        }
        self.metrics.push(metric);
    }

    /// Adds a histogram; the values stand in the order of the definition's labels.
    pub(super) fn add_histogram(&mut self, values: &[&str], snapshot: &Snapshot) {
        let mut cumulative = 0;
        let buckets = snapshot
            .bounds
            .iter()
            .zip(&snapshot.counts)
            .map(|(bound, count)| {
                cumulative += count;
                let mut bucket = Bucket::default();
                bucket.set_upper_bound(*bound);
                bucket.set_cumulative_count(cumulative);
                bucket
            })
            .collect();
        let mut histogram = Histogram::default();
        histogram.set_bucket(buckets);
        histogram.set_sample_sum(snapshot.sum);
        histogram.set_sample_count(snapshot.count());
        let mut metric = self.labelled(values);
        metric.set_histogram(histogram);
        self.metrics.push(metric);
    }

    pub(super) fn family(self) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(self.definition.name.to_owned());
        family.set_help(self.definition.help.to_owned());
        family.set_field_type(match self.definition.kind {
            Kind::Counter => MetricType::COUNTER,
            Kind::Gauge => MetricType::GAUGE,
            Kind::Seconds(_) | Kind::Bytes(_) => MetricType::HISTOGRAM,
        });
        family.set_metric(self.metrics);
        family
    }

    fn labelled(&self, values: &[&str]) -> Metric {
        let mut pairs: Vec<_> = self
            .definition
            .labels
            .iter()
            .zip(values)
            .map(|(label, value)| {
                let mut pair = LabelPair::default();
                pair.set_name(label.name.to_owned());
                pair.set_value((*value).to_owned());
                pair
            })
            .collect();
        // The registry compares metrics by their labels' values in this order.
        pairs.sort_by(|one, other| one.name().cmp(other.name()));
        Metric::from_label(pairs)
    }
}

/// A metric without labels.
pub(super) fn single(definition: &'static Definition, number: f64) -> MetricFamily {
    let mut samples = Samples::of(definition);
    samples.add(&[], number);
    samples.family()
}

/// A metric with one closed label, a number for each of its values.
pub(super) fn closed<'a>(
    definition: &'static Definition,
    numbers: impl IntoIterator<Item = (&'a str, f64)>,
) -> MetricFamily {
    let mut samples = Samples::of(definition);
    for (value, number) in numbers {
        samples.add(&[value], number);
    }
    samples.family()
}
