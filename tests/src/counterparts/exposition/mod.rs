//! The three forms in which metrics are served, each read by a strict reader of its own into one model.
//!
//! A reader takes only what its format's rules allow, and nothing that is there twice: what it takes, every other
//! reader has to take too. None of them shares code with the writer.

mod blocks;
mod check;
mod line;
mod messages;
mod native;
mod openmetrics;
mod protobuf;
mod strictness;
mod text;

use std::{collections::BTreeMap, fmt::Debug};

pub(crate) use self::{
    native::Native, openmetrics::read as read_openmetrics, protobuf::read as read_protobuf,
    text::read as read_text,
};

/// By name. Of a bucket, `le` is written the same way whatever the form.
pub(crate) type Labels = BTreeMap<String, String>;

/// All that one scrape shows.
#[derive(Debug)]
pub(crate) struct Exposition {
    pub(crate) families: Vec<Family>,
}

/// The block of one metric.
#[derive(Debug)]
pub(crate) struct Family {
    /// In OpenMetrics a counter's is without `_total`.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
    pub(crate) samples: Vec<Sample>,
    /// The native histograms beside the classic buckets.
    pub(crate) natives: Vec<(Labels, Native)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Summary,
    Info,
    Unknown,
}

/// One number.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) value: f64,
    pub(crate) exemplar: Option<Exemplar>,
}

#[derive(Clone, Debug)]
pub(crate) struct Exemplar {
    pub(crate) labels: Labels,
    pub(crate) value: f64,
    /// Seconds since 1970.
    pub(crate) timestamp: Option<f64>,
}

impl Exposition {
    /// Every number by its series, written out so that no two numbers look alike.
    pub(crate) fn numbers(&self) -> BTreeMap<(String, Labels), String> {
        self.samples()
            .map(|sample| {
                let series = (sample.name.clone(), sample.labels.clone());
                (series, format!("{:?}", sample.value))
            })
            .collect()
    }

    /// Kind and help by name, a counter's name without `_total`.
    pub(crate) fn descriptions(&self) -> BTreeMap<&str, (Kind, &str)> {
        self.families
            .iter()
            .map(|family| {
                let name = match family.kind {
                    Kind::Counter => family.name.strip_suffix("_total").unwrap_or(&family.name),
                    _ => &family.name,
                };
                (name, (family.kind, family.help.as_str()))
            })
            .collect()
    }

    pub(crate) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.families.iter().flat_map(|family| &family.samples)
    }

    pub(crate) fn exemplars(&self) -> impl Iterator<Item = (&Sample, &Exemplar)> {
        self.samples()
            .filter_map(|sample| Some((sample, sample.exemplar.as_ref()?)))
    }

    /// The sum over all series of this name that have this value of the label.
    pub(crate) fn sum(&self, name: &str, label: &str, value: &str) -> f64 {
        self.samples()
            .filter(|sample| sample.name == name)
            .filter(|sample| sample.labels.get(label).is_some_and(|own| own == value))
            .map(|sample| sample.value)
            .sum()
    }

    /// The values of one label in all series of this name, in order.
    pub(crate) fn label_values(&self, name: &str, label: &str) -> Vec<&str> {
        let mut values: Vec<_> = self
            .samples()
            .filter(|sample| sample.name == name)
            .filter_map(|sample| sample.labels.get(label))
            .map(String::as_str)
            .collect();
        values.sort_unstable();
        values
    }
}

/// Fails with the entries that only one of the two has, for two whole expositions are too much to read.
pub(crate) fn assert_same<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    one: &BTreeMap<K, V>,
    other: &BTreeMap<K, V>,
) {
    let lacks = |map: &BTreeMap<K, V>, key: &K, value: &V| map.get(key) != Some(value);
    let only = |map, than| {
        let entries = BTreeMap::iter(map);
        let lines = entries.filter(|(key, value)| lacks(than, key, value));
        lines
            .map(|entry| format!("{entry:?}\n"))
            .collect::<String>()
    };
    let (first, second) = (only(one, other), only(other, one));
    assert!(
        first.is_empty() && second.is_empty(),
        "{what}: only in the first:\n{first}only in the second:\n{second}"
    );
}

/// A bucket's bound as the model writes it.
pub(crate) fn bound_text(bound: f64) -> String {
    match bound {
        f64::INFINITY => "+Inf".to_owned(),
        _ => bound.to_string(),
    }
}
