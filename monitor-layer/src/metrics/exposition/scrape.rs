//! A registry's whole exposition, in one of three forms.

use std::{collections::BTreeMap, time::Instant};

use prometheus::proto::MetricFamily;

use super::{
    Metric,
    collector::{Ours, contents},
    protobuf::{self, Part},
    text::{Dialect, TextWriter},
};
use crate::metrics::Metrics;

/// What a scrape may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0, with units and exemplars.
    OpenMetrics,
    /// Delimited protobuf, with exemplars and native histograms.
    Protobuf,
}

impl Format {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
                 encoding=delimited"
            }
        }
    }
}

/// Writes everything that the registry holds into `out`, whose room is used again. It may block, and panic, where a
/// collector of the user's does.
///
/// Our instruments are written as they are read; only those of others are gathered first.
pub(crate) fn expose(
    registry: &prometheus::Registry,
    metrics: &Metrics,
    format: Format,
    out: &mut Vec<u8>,
) {
    let start = Instant::now();
    write(registry, format, out);
    metrics.scraped(start.elapsed(), out.len());
}

/// As [`expose`], without measuring it.
pub(in crate::metrics) fn write(
    registry: &prometheus::Registry,
    format: Format,
    out: &mut Vec<u8>,
) {
    out.clear();
    let contents = contents(registry);
    let mut families = BTreeMap::new();
    for ours in &contents.ours {
        for metric in ours.instruments.metrics() {
            let name = format!("{}{}", ours.prefix, metric.head.name);
            let family: &mut Family<'_> = families.entry(name).or_default();
            family.ours.push((ours, metric));
        }
    }
    for family in &contents.others {
        let name = family.name().to_owned();
        families.entry(name).or_default().others.push(family);
    }
    match format {
        Format::Text => write_text(Dialect::Text, &mut families, out),
        Format::OpenMetrics => write_text(Dialect::OpenMetrics, &mut families, out),
        Format::Protobuf => write_protobuf(&mut families, out),
    }
}

/// All that is of one name: a registry may hold two collectors of it with other constant labels.
#[derive(Default)]
struct Family<'a> {
    ours: Vec<(&'a Ours, Metric<'a>)>,
    others: Vec<&'a MetricFamily>,
}

fn write_text(dialect: Dialect, families: &mut BTreeMap<String, Family<'_>>, out: &mut Vec<u8>) {
    let mut writer = TextWriter::new(dialect, out);
    for family in families.values_mut() {
        for (ours, metric) in &mut family.ours {
            writer.begin(&metric.head, &ours.prefix, &ours.labels);
            metric.write(&mut writer);
        }
        for other in &family.others {
            writer.write_family(other);
        }
    }
    writer.finish();
}

fn write_protobuf(families: &mut BTreeMap<String, Family<'_>>, out: &mut Vec<u8>) {
    for (name, family) in families {
        let mut parts: Vec<_> = family
            .ours
            .iter_mut()
            .map(|(ours, metric)| Part {
                metric,
                common: &ours.labels,
            })
            .collect();
        protobuf::write_parts(out, name, &mut parts);
        for other in &family.others {
            protobuf::write_family(out, other);
        }
    }
}
