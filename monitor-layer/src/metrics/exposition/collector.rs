//! Our instruments in a registry: gathered as messages by anybody, written directly by our own scrape.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use prometheus::{
    core::{Collector, Desc},
    proto::{Gauge, Metric as Message, MetricFamily, MetricType},
};

use super::{Expose, Exposition, Metric, Number, gathered::gathered};
use crate::metrics::{instrument::Histogram, labels::pairs};

/// A collector of our own, for `HistogramVec` finds series by a hash of their values without comparing them.
pub(in crate::metrics) struct Collected {
    pub(in crate::metrics) descriptions: Vec<Desc>,
    pub(in crate::metrics) instruments: Arc<dyn Expose>,
}

impl Collector for Collected {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        match stand_in(&self.instruments) {
            Some(family) => vec![family],
            None => self
                .instruments
                .metrics()
                .iter_mut()
                .map(gathered)
                .collect(),
        }
    }
}

/// What a registry holds, ours apart from the others.
pub(super) struct Contents {
    pub(super) ours: Vec<Ours>,
    pub(super) others: Vec<MetricFamily>,
}

/// Instruments of ours, and what the registry adds to each of its metrics.
pub(super) struct Ours {
    pub(super) instruments: Arc<dyn Expose>,
    /// With its underscore.
    pub(super) prefix: String,
    pub(super) labels: Vec<(String, String)>,
}

thread_local! {
    /// Where our collectors hand themselves over while our own scrape gathers a registry on this thread.
    static HANDED_OVER: RefCell<Option<Vec<Arc<dyn Expose>>>> = const { RefCell::new(None) };
}

const STAND_IN: &str = "monitor_layer_instruments_";

/// Gathers a registry, with ours handed over instead of turned into messages.
///
/// Each leaves a stand-in, from which we read what the registry adds to names and labels: it does not tell otherwise.
pub(super) fn contents(registry: &prometheus::Registry) -> Contents {
    let _gathering = Gathering::start();
    let families = registry.gather();
    let handed_over = HANDED_OVER.take().unwrap_or_default();
    let mut ours: Vec<Option<Arc<dyn Expose>>> = handed_over.into_iter().map(Some).collect();
    let mut contents = Contents {
        ours: Vec::new(),
        others: Vec::new(),
    };
    for family in families {
        let stood_in = family
            .name()
            .split_once(STAND_IN)
            .and_then(|(prefix, number)| {
                let instruments = ours.get_mut(number.parse::<usize>().ok()?)?.take()?;
                Some(Ours {
                    instruments,
                    prefix: prefix.to_owned(),
                    labels: labels_of(&family),
                })
            });
        match stood_in {
            Some(stood_in) => contents.ours.push(stood_in),
            None => contents.others.push(family),
        }
    }
    contents
}

/// Instruments that there are none of.
pub(in crate::metrics) struct Nothing;

impl Expose for Nothing {
    fn metrics(&self) -> Vec<Metric<'_>> {
        Vec::new()
    }
}

/// The label names of each metric that a registry shows, by the name that it was registered under.
pub(in crate::metrics) fn shown_labels(
    registry: &prometheus::Registry,
) -> HashMap<String, Vec<String>> {
    // For as long as we look, something of ours is there, from which we learn what the registry adds.
    let looking = || {
        let name = format!("{STAND_IN}looking");
        let desc = Desc::new(name, "Looks.".to_owned(), Vec::new(), HashMap::new());
        Some(Box::new(Collected {
            descriptions: vec![desc.ok()?],
            instruments: Arc::new(Nothing),
        }))
    };
    let is_looking = looking().is_some_and(|looking| registry.register(looking).is_ok());
    let contents = contents(registry);
    if let Some(looking) = looking().filter(|_| is_looking) {
        let _ = registry.unregister(looking);
    }
    let mut shown = HashMap::new();
    for ours in &contents.ours {
        for mut metric in ours.instruments.metrics() {
            let mut names = LabelNames(None);
            metric.write(&mut names);
            shown.extend(names.0.map(|names| (metric.head.name.to_owned(), names)));
        }
    }
    let added = contents.ours.first();
    let (prefix, labels) = added.map_or(("", 0), |ours| (&*ours.prefix, ours.labels.len()));
    for family in &contents.others {
        let name = family.name().strip_prefix(prefix).unwrap_or(family.name());
        shown.extend(label_names(family, labels).map(|names| (name.to_owned(), names)));
    }
    shown
}

/// The label names of the first series.
struct LabelNames(Option<Vec<String>>);

impl LabelNames {
    fn keep(&mut self, labels: &str) {
        let names = || pairs(labels).map(|(name, _)| name.to_owned()).collect();
        self.0.get_or_insert_with(names);
    }
}

impl Exposition for LabelNames {
    fn has_exemplars(&self) -> bool {
        false
    }

    fn number(&mut self, labels: &str, _value: Number) {
        self.keep(labels);
    }

    fn histogram(&mut self, labels: &str, histogram: &Histogram) -> u64 {
        self.keep(labels);
        histogram.count()
    }
}

/// Without so many at the end, which the registry adds.
fn label_names(family: &MetricFamily, added: usize) -> Option<Vec<String>> {
    let labels = family.get_metric().first()?.get_label();
    let own = labels.len().saturating_sub(added);
    let names = labels[..own].iter().map(|pair| pair.name().to_owned());
    Some(names.collect())
}

/// Ends with the scrape, also where a collector of the user's panics.
struct Gathering;

impl Gathering {
    fn start() -> Self {
        HANDED_OVER.set(Some(Vec::new()));
        Self
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        HANDED_OVER.set(None);
    }
}

fn stand_in(instruments: &Arc<dyn Expose>) -> Option<MetricFamily> {
    HANDED_OVER.with_borrow_mut(|handed_over| {
        let handed_over = handed_over.as_mut()?;
        let mut family = MetricFamily::default();
        family.set_name(format!("{STAND_IN}{}", handed_over.len()));
        family.set_field_type(MetricType::GAUGE);
        family.set_metric(vec![Message::from_gauge(Gauge::default())]);
        handed_over.push(Arc::clone(instruments));
        Some(family)
    })
}

fn labels_of(family: &MetricFamily) -> Vec<(String, String)> {
    let labels = family.get_metric().first().map(Message::get_label);
    labels
        .unwrap_or_default()
        .iter()
        .map(|pair| (pair.name().to_owned(), pair.value().to_owned()))
        .collect()
}
