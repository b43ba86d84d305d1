//! Delimited protobuf: messages, each after its length.

use prost::Message as _;

use super::{
    Exemplar, Exposition, Family, Kind, Labels, Native, Sample, bound_text, check,
    messages::{self, LabelPair, Metric, MetricFamily, MetricType},
};

/// Reads a whole exposition; says which metric is wrong, and why.
pub(crate) fn read(mut bytes: &[u8]) -> Result<Exposition, String> {
    let mut families = Vec::new();
    while !bytes.is_empty() {
        let message = MetricFamily::decode_length_delimited(&mut bytes)
            .map_err(|error| format!("message {}: {error}", families.len()))?;
        let name = message.name.clone().unwrap_or_default();
        families.push(family(message).map_err(|problem| format!("{name}: {problem}"))?);
    }
    check::checked(Exposition { families })
}

fn family(message: MetricFamily) -> Result<Family, String> {
    let kind = match message.kind() {
        MetricType::Counter => Kind::Counter,
        MetricType::Gauge => Kind::Gauge,
        MetricType::Untyped => Kind::Unknown,
        MetricType::Histogram => Kind::Histogram,
        kind @ (MetricType::Summary | MetricType::GaugeHistogram) => {
            return Err(format!("{kind:?} is none that is expected"));
        }
    };
    let mut family = Family {
        name: message.name.ok_or("it has no name")?,
        kind,
        help: message.help.ok_or("it has no help")?,
        unit: message.unit,
        samples: Vec::new(),
        natives: Vec::new(),
    };
    if message.metrics.is_empty() {
        return Err("it has no samples".to_owned());
    }
    for metric in &message.metrics {
        add(&mut family, metric)?;
    }
    Ok(family)
}

fn add(family: &mut Family, metric: &Metric) -> Result<(), String> {
    if metric.timestamp_ms.is_some() {
        return Err("a sample has a time of its own".to_owned());
    }
    let labels = labels(&metric.labels)?;
    let (value, exemplar) = match (
        family.kind,
        metric.counter.as_ref(),
        metric.gauge,
        &metric.histogram,
    ) {
        (Kind::Counter, Some(counter), None, None) => (counter.value, &counter.exemplar),
        (Kind::Gauge, None, Some(gauge), None) => (gauge.value, &None),
        (Kind::Histogram, None, None, Some(histogram)) => {
            return add_histogram(family, labels, histogram);
        }
        _ => return Err(format!("{metric:?} is no {:?}", family.kind)),
    };
    family.samples.push(Sample {
        name: family.name.clone(),
        labels,
        // A double that is 0 may be left out.
        value: value.unwrap_or(0.0),
        exemplar: exemplar.as_ref().map(self::exemplar).transpose()?,
    });
    Ok(())
}

fn add_histogram(
    family: &mut Family,
    labels: Labels,
    histogram: &messages::Histogram,
) -> Result<(), String> {
    let count = histogram.sample_count.unwrap_or(0);
    let name = |suffix| format!("{}{suffix}", family.name);
    let mut samples = Vec::new();
    let mut bucket = |bound, count: u64, exemplar| {
        let mut labels = labels.clone();
        labels.insert("le".to_owned(), bound_text(bound));
        samples.push(Sample {
            name: name("_bucket"),
            labels,
            value: count as f64,
            exemplar,
        });
    };
    for message in &histogram.buckets {
        bucket(
            message.upper_bound.unwrap_or(0.0),
            message.cumulative_count.unwrap_or(0),
            message.exemplar.as_ref().map(exemplar).transpose()?,
        );
    }
    // The last bucket may be left out, for the count says the same.
    let last = histogram.buckets.last().and_then(|last| last.upper_bound);
    if last != Some(f64::INFINITY) {
        bucket(f64::INFINITY, count, None);
    }
    for (suffix, value) in [
        ("_sum", histogram.sample_sum.unwrap_or(0.0)),
        ("_count", count as f64),
    ] {
        samples.push(Sample {
            name: name(suffix),
            labels: labels.clone(),
            value,
            exemplar: None,
        });
    }
    family.samples.extend(samples);
    if let Some(native) = Native::of(histogram)? {
        family.natives.push((labels, native));
    }
    Ok(())
}

fn exemplar(message: &messages::Exemplar) -> Result<Exemplar, String> {
    Ok(Exemplar {
        labels: labels(&message.labels)?,
        value: message.value.unwrap_or(0.0),
        timestamp: message
            .timestamp
            .map(|time| time.seconds as f64 + f64::from(time.nanos) / 1e9),
    })
}

fn labels(pairs: &[LabelPair]) -> Result<Labels, String> {
    let mut labels = Labels::new();
    for pair in pairs {
        let name = pair.name.clone().ok_or("a label without a name")?;
        let value = pair.value.clone().unwrap_or_default();
        if labels.insert(name, value).is_some() {
            return Err(format!("a label is there twice: {pair:?}"));
        }
    }
    Ok(labels)
}
