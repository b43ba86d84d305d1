//! How instruments come out: straight into text, OpenMetrics or protobuf for a scrape, or as the messages of the
//! `prometheus` crate for whoever gathers their registry by other means.

mod collector;
#[cfg(feature = "server")]
mod foreign;
mod gathered;
#[cfg(any(feature = "server", feature = "testing"))]
mod message;
#[cfg(feature = "server")]
mod number;
#[cfg(feature = "server")]
mod protobuf;
#[cfg(feature = "testing")]
mod samples;
#[cfg(feature = "server")]
mod scrape;
#[cfg(feature = "server")]
mod text;
#[cfg(any(feature = "native-histograms", feature = "server"))]
mod wire;

pub(super) use self::collector::{Collected, Nothing, shown_labels};
#[cfg(feature = "testing")]
pub(crate) use self::samples::samples;
#[cfg(feature = "server")]
#[cfg(all(feature = "server", feature = "testing"))]
pub(super) use self::scrape::write;
#[cfg(feature = "server")]
pub(crate) use self::scrape::{Format, expose};
use super::{
    catalog::{Definition, Kind},
    instrument::{Histogram, Layout},
};

/// Instruments that are registered in one piece.
pub(crate) trait Expose: Send + Sync + 'static {
    /// The metrics, read one after the other in this order.
    fn metrics(&self) -> Vec<Metric<'_>>;
}

/// One metric of a scrape.
pub(crate) struct Metric<'a> {
    pub(crate) head: Head<'a>,
    write: Box<Write<'a>>,
}

type Write<'a> = dyn FnMut(&mut dyn Exposition) + 'a;

/// What is said of a metric before its samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) name: &'a str,
    pub(crate) help: &'a str,
    pub(crate) kind: HeadKind,
    /// The suffix of the name that is its unit.
    pub(crate) unit: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadKind {
    Counter,
    Gauge,
    Histogram,
}

/// Where samples are written. Labels come as the text formats have them: see [`Labels`](super::labels::Labels).
pub(crate) trait Exposition {
    /// Whether exemplars are written.
    fn has_exemplars(&self) -> bool;

    /// The series of this layout come next: exemplars that are written give way to those that come after.
    fn start_reading(&self, layout: &Layout) {
        if self.has_exemplars() {
            layout.start_reading();
        }
    }

    /// A counter or a gauge.
    fn number(&mut self, labels: &str, value: Number);

    /// A histogram; gives what it counts, for whatever else has to agree with it.
    fn histogram(&mut self, labels: &str, histogram: &Histogram) -> u64;
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Count(u64),
    Value(f64),
}

impl Number {
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Value(value) => value,
        }
    }
}

impl Metric<'_> {
    pub(crate) fn write(&mut self, to: &mut dyn Exposition) {
        (self.write)(to);
    }
}

impl<'a> Head<'a> {
    /// That of a definition under a name of its own.
    pub(crate) fn of(definition: &Definition, name: &'a str) -> Self {
        Self {
            name,
            help: definition.help,
            kind: match definition.kind {
                Kind::Counter => HeadKind::Counter,
                Kind::Gauge => HeadKind::Gauge,
                Kind::Seconds(_) | Kind::Bytes(_) => HeadKind::Histogram,
            },
            unit: definition.unit(),
        }
    }
}

/// Metrics on their way to a scrape.
#[derive(Default)]
pub(crate) struct MetricList<'a>(Vec<Metric<'a>>);

impl<'a> MetricList<'a> {
    /// Adds a metric; one without a head is not shown.
    pub(crate) fn add(
        &mut self,
        head: impl Into<Option<Head<'a>>>,
        write: impl FnMut(&mut dyn Exposition) + 'a,
    ) {
        if let Some(head) = head.into() {
            let write = Box::new(write);
            self.0.push(Metric { head, write });
        }
    }

    pub(crate) fn all(self) -> Vec<Metric<'a>> {
        self.0
    }
}

impl From<&'static Definition> for Option<Head<'_>> {
    fn from(definition: &'static Definition) -> Self {
        Some(Head::of(definition, definition.name))
    }
}
