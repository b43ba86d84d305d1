use std::{
    collections::HashMap,
    error::Error,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use prometheus::{Registry, core::Desc};

use super::{
    catalog::{self, Definition},
    exposition::{Collected, Expose, Nothing, shown_labels},
};

/// Metrics cannot be registered as they are asked for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The registry has a metric of this name.
    ///
    /// It keeps the label names of those that it took before it came to this one, though none of them is registered.
    #[non_exhaustive]
    Taken {
        /// The name that both have.
        metric: String,
        /// The labels that it was to have.
        labels: Vec<String>,
        /// The labels of the one that is there, where it has any series.
        taken_with: Option<Vec<String>>,
        /// How to avoid it.
        way_out: &'static str,
    },
    /// The registry refuses them for a reason of its own.
    #[non_exhaustive]
    Refused {
        /// In its words.
        reason: String,
    },
    /// A namespace or a label has a name that Prometheus does not take.
    #[non_exhaustive]
    InvalidName {
        /// `namespace` or `label`.
        what: &'static str,
        /// As it was given.
        name: String,
    },
    /// A label of one's own has the name of another label.
    #[non_exhaustive]
    LabelTaken {
        /// The name.
        label: String,
    },
    /// More labels of one's own than there may be.
    #[non_exhaustive]
    TooManyLabels {
        /// The first one too many.
        label: String,
    },
    /// Upper bounds that do not ascend, are too many, or cannot be counted by.
    #[non_exhaustive]
    InvalidBuckets {
        /// The first metric that was to have them.
        metric: &'static str,
        /// As they were given.
        bounds: Vec<f64>,
    },
    /// A metric is to be left out that there is not.
    #[non_exhaustive]
    UnknownMetric {
        /// As it was given.
        metric: String,
    },
}

impl RegisterError {
    pub(super) fn invalid_name(what: &'static str, name: &str) -> Self {
        Self::InvalidName {
            what,
            name: name.to_owned(),
        }
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken {
                metric,
                labels,
                taken_with,
                way_out,
            } => {
                let labelled = |labels: &[String]| match labels {
                    [] => "no labels".to_owned(),
                    labels => format!("the labels {}", labels.join(", ")),
                };
                write!(formatter, "the registry has a metric {metric} already")?;
                if let Some(taken_with) = taken_with {
                    write!(formatter, ", with {}", labelled(taken_with))?;
                }
                let labels = labelled(labels);
                write!(
                    formatter,
                    "; the one to be registered has {labels}: {way_out}"
                )
            }
            Self::Refused { reason } => write!(
                formatter,
                "the registry refuses the monitor's metrics: {reason}; give them a registry of their own by \
                 MonitorBuilder::registry"
            ),
            Self::InvalidName { what, name } => write!(
                formatter,
                "{name:?} is no name for a {what}; expected letters, digits and underscores that do not start \
                 with a digit, and no two underscores at a label's start"
            ),
            Self::LabelTaken { label } => write!(
                formatter,
                "the label {label:?} is there already; give the label of your own another name"
            ),
            Self::TooManyLabels { label } => write!(
                formatter,
                "the label {label:?} is one too many; expected up to two labels of your own"
            ),
            Self::InvalidBuckets { metric, bounds } => write!(
                formatter,
                "{metric} cannot have the buckets {bounds:?}; expected up to {} finite upper bounds above 0 that \
                 ascend",
                super::instrument::MOST_BUCKETS
            ),
            Self::UnknownMetric { metric } => {
                let known = catalog::HTTP.map(|definition| definition.name);
                write!(
                    formatter,
                    "there is no metric {metric:?} to leave out; expected one of {}",
                    known.join(", ")
                )
            }
        }
    }
}

impl Error for RegisterError {}

/// What a registry is told of a metric.
pub(super) struct Description {
    pub(super) name: String,
    pub(super) help: &'static str,
    pub(super) labels: Vec<String>,
    pub(super) constant: Vec<(String, String)>,
    /// What to do where the registry has it already.
    pub(super) way_out: &'static str,
}

impl Description {
    pub(super) fn of(definition: &Definition) -> Self {
        let labels = definition.labels.iter();
        Self {
            name: definition.name.to_owned(),
            help: definition.help,
            labels: labels.map(|label| label.name.to_owned()).collect(),
            constant: Vec::new(),
            way_out: "give the monitor a registry of its own by MonitorBuilder::registry",
        }
    }

    /// Whether the registry shows a metric of this name that cannot stand beside this one: only one of other values for
    /// the same constant labels can.
    fn collides_with(&self, shown: &HashMap<String, Vec<String>>) -> bool {
        shown.get(&self.name).is_some_and(|theirs| {
            let mut ours = self.all_labels();
            let mut theirs = theirs.clone();
            ours.sort_unstable();
            theirs.sort_unstable();
            self.constant.is_empty() || ours != theirs
        })
    }

    fn is_free_in(&self, registry: &Registry) -> bool {
        let probe = || {
            Some(Box::new(Collected {
                descriptions: vec![self.desc().ok()?],
                instruments: Arc::new(Nothing),
            }))
        };
        let is_free = probe().is_some_and(|probe| registry.register(probe).is_ok());
        if let Some(probe) = probe().filter(|_| is_free) {
            let _ = registry.unregister(probe);
        }
        is_free
    }

    fn all_labels(&self) -> Vec<String> {
        let constant = self.constant.iter().map(|(name, _)| name.clone());
        self.labels.iter().cloned().chain(constant).collect()
    }

    fn desc(&self) -> Result<Desc, prometheus::Error> {
        Desc::new(
            self.name.clone(),
            self.help.to_owned(),
            self.labels.clone(),
            self.constant.iter().cloned().collect::<HashMap<_, _>>(),
        )
    }
}

/// Lets `registry` gather these instruments, all or none.
pub(super) fn register(
    registry: &Registry,
    mut descriptions: Vec<Description>,
    instruments: Arc<dyn Expose>,
) -> Result<(), RegisterError> {
    descriptions.sort_by(|one, other| one.name.cmp(&other.name));
    let shown = shown_labels(registry);
    let taken = |description: &Description| RegisterError::Taken {
        metric: description.name.clone(),
        labels: description.all_labels(),
        taken_with: shown.get(&description.name).cloned(),
        way_out: description.way_out,
    };
    // Before the registry is asked, for it keeps the label names of whatever it takes until it refuses one.
    let mut in_order = descriptions.iter();
    if let Some(collides) = in_order.find(|description| description.collides_with(&shown)) {
        return Err(taken(collides));
    }
    let refused = |refused: prometheus::Error| RegisterError::Refused {
        reason: refused.to_string(),
    };
    // The registry knows a collector by the sum of its descriptions' hashes, and those of two that differ in a short
    // label alone may have the same sum: one more, that nobody else has, tells them apart.
    let descs = descriptions.iter().map(Description::desc);
    let descs = descs.chain([unique_desc()]);
    let collected = Collected {
        descriptions: descs.collect::<Result<_, _>>().map_err(refused)?,
        instruments,
    };
    registry.register(Box::new(collected)).map_err(|error| {
        // It does not say which: the first that it refuses alone.
        let mut in_order = descriptions.iter();
        let taken_alone = in_order.find(|description| !description.is_free_in(registry));
        taken_alone.map_or_else(|| refused(error), taken)
    })
}

/// Of no metric. Its name differs from others' in many digits: in one alone, as labels may, their hashes' sums would
/// meet again.
fn unique_desc() -> Result<Desc, prometheus::Error> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let name = format!("monitor_layer_set_{spread:016x}");
    Desc::new(name, "Nothing.".to_owned(), Vec::new(), HashMap::new())
}

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
pub(super) fn is_metric_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    name.bytes().all(is_part)
        && name
            .bytes()
            .next()
            .is_some_and(|first| !first.is_ascii_digit())
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`, without those that Prometheus keeps for itself.
pub(super) fn is_label_name(name: &str) -> bool {
    is_metric_name(name) && !name.contains(':') && !name.starts_with("__")
}
