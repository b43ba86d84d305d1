use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, Rules, document, expression};

/// What Prometheus gives each series of a target.
const OF_THE_TARGET: [&str; 2] = ["job", "instance"];

/// Metrics that are not of the catalogue: what a process, Prometheus and Alertmanager tell of themselves.
const OF_OTHERS: [(&str, Kind, &[&str]); 24] = [
    ("process_cpu_seconds_total", Kind::Counter, &[]),
    ("process_max_fds", Kind::Gauge, &[]),
    ("process_open_fds", Kind::Gauge, &[]),
    ("process_resident_memory_bytes", Kind::Gauge, &[]),
    ("process_start_time_seconds", Kind::Gauge, &[]),
    ("process_threads", Kind::Gauge, &[]),
    ("process_virtual_memory_bytes", Kind::Gauge, &[]),
    ("up", Kind::Gauge, &[]),
    ("scrape_duration_seconds", Kind::Gauge, &[]),
    ("scrape_samples_scraped", Kind::Gauge, &[]),
    ("scrape_samples_post_metric_relabeling", Kind::Gauge, &[]),
    ("scrape_series_added", Kind::Gauge, &[]),
    (
        "ALERTS",
        Kind::Gauge,
        &["alertname", "alertstate", "severity"],
    ),
    ("ALERTS_FOR_STATE", Kind::Gauge, &["alertname", "severity"]),
    (
        "prometheus_notifications_alertmanagers_discovered",
        Kind::Gauge,
        &[],
    ),
    ("prometheus_notifications_dropped_total", Kind::Counter, &[]),
    (
        "prometheus_notifications_errors_total",
        Kind::Counter,
        &["alertmanager"],
    ),
    (
        "prometheus_notifications_sent_total",
        Kind::Counter,
        &["alertmanager"],
    ),
    (
        "prometheus_rule_evaluation_failures_total",
        Kind::Counter,
        &["rule_group"],
    ),
    ("prometheus_config_last_reload_successful", Kind::Gauge, &[]),
    (
        "alertmanager_notifications_total",
        Kind::Counter,
        &["integration"],
    ),
    (
        "alertmanager_notifications_failed_total",
        Kind::Counter,
        &["integration"],
    ),
    ("alertmanager_alerts", Kind::Gauge, &["state"]),
    (
        "alertmanager_config_last_reload_successful",
        Kind::Gauge,
        &[],
    ),
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    /// Of a recording rule.
    Recorded,
}

/// The values that a label may have.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    Any,
    OneOf(Vec<String>),
}

/// What a selector finds by a name.
#[derive(Clone, Debug)]
pub(super) struct Series {
    /// The catalogue's name, without a histogram's suffix.
    pub(super) metric: String,
    pub(super) kind: Kind,
    pub(super) labels: BTreeMap<String, Values>,
    /// Whether these are the buckets of a histogram, or their bounds.
    pub(super) bounds: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
struct Metric {
    kind: Kind,
    labels: BTreeMap<String, Values>,
    bounds: Vec<String>,
}

/// All that a query may ask for.
pub(crate) struct Contract {
    metrics: BTreeMap<String, Metric>,
    of_the_catalogue: BTreeSet<String>,
}

/// What the look at a query found.
#[derive(Debug, PartialEq)]
pub(crate) struct Checked {
    /// Sentences.
    pub(crate) problems: Vec<String>,
    /// The metrics that the query asks for, without the suffixes of histograms.
    pub(crate) metrics: BTreeSet<String>,
    /// The labels of what it answers, as far as they are known.
    pub(super) labels: Option<BTreeSet<String>>,
}

impl Contract {
    /// Reads the catalogue's document and `infra/alerts.yml`.
    pub(crate) fn read() -> Self {
        Self::with(&Rules::read())
    }

    /// With these rules in place of those of `infra/alerts.yml`.
    pub(super) fn with(rules: &Rules) -> Self {
        let (documented, closed) = document();
        let of_the_catalogue = documented.keys().cloned().collect();
        let mut metrics: BTreeMap<_, _> = documented
            .into_iter()
            .map(|(name, described)| {
                let kind = match described.kind.as_str() {
                    "counter" => Kind::Counter,
                    "gauge" => Kind::Gauge,
                    "histogram" => Kind::Histogram,
                    kind => panic!("{name} is a {kind}"),
                };
                let labels = described.labels.into_iter().map(|label| {
                    let values = match closed.get(&(name.clone(), label.clone())) {
                        Some(values) => Values::OneOf(values.clone()),
                        None if label == "status" => {
                            Values::OneOf((100..600).map(|status| status.to_string()).collect())
                        }
                        None => Values::Any,
                    };
                    (label, values)
                });
                let metric = Metric {
                    kind,
                    labels: labels.collect(),
                    bounds: described.bounds,
                };
                (name, metric)
            })
            .collect();
        for (name, kind, labels) in OF_OTHERS {
            let labels = labels
                .iter()
                .map(|label| ((*label).to_owned(), of_alerts(label, rules)));
            let metric = Metric {
                kind,
                labels: labels.collect(),
                bounds: vec![],
            };
            metrics.insert(name.to_owned(), metric);
        }
        let mut contract = Self {
            metrics,
            of_the_catalogue,
        };
        for metric in contract.metrics.values_mut() {
            for label in OF_THE_TARGET {
                metric.labels.insert(label.to_owned(), Values::Any);
            }
        }
        contract.add_recorded(rules);
        contract
    }

    /// In the order of the file: a rule may ask for what one before it records.
    fn add_recorded(&mut self, rules: &Rules) {
        for rule in rules.all() {
            let Rule::Recording {
                record,
                expr,
                labels,
            } = rule
            else {
                continue;
            };
            let asked = self.check(expr).labels.unwrap_or_default();
            let own = labels.keys().cloned();
            let labels = asked
                .into_iter()
                .chain(own)
                .map(|label| (label, Values::Any));
            let metric = Metric {
                kind: Kind::Recorded,
                labels: labels.collect(),
                bounds: vec![],
            };
            self.metrics.insert(record.clone(), metric);
        }
    }

    /// Looks whether a query, with no variables in it, asks only for what there is.
    pub(crate) fn check(&self, query: &str) -> Checked {
        expression::check(self, query)
    }

    /// The names of the catalogue alone.
    pub(crate) fn catalogue(&self) -> &BTreeSet<String> {
        &self.of_the_catalogue
    }

    /// What a selector of this name finds, or why nothing.
    pub(super) fn series(&self, name: &str) -> Result<Series, String> {
        if let Some(metric) = self.metrics.get(name) {
            if metric.kind == Kind::Histogram {
                return Err(format!(
                    "{name} is a histogram; expected {name}_bucket, {name}_count or {name}_sum"
                ));
            }
            return Ok(Series {
                metric: name.to_owned(),
                kind: metric.kind,
                labels: metric.labels.clone(),
                bounds: None,
            });
        }
        let unknown = || format!("{name} is in no catalogue; docs/metrics.md has all names");
        let (base, suffix) = name.rsplit_once('_').ok_or_else(unknown)?;
        let metric = self.metrics.get(base).ok_or_else(unknown)?;
        if !["bucket", "count", "sum"].contains(&suffix) {
            return Err(unknown());
        }
        if metric.kind != Kind::Histogram {
            return Err(format!("{base} is no histogram, so there is no {name}"));
        }
        let is_bucket = suffix == "bucket";
        let mut labels = metric.labels.clone();
        if is_bucket {
            labels.insert("le".to_owned(), Values::Any);
        }
        Ok(Series {
            metric: base.to_owned(),
            // Each of the three only grows.
            kind: Kind::Counter,
            labels,
            bounds: is_bucket.then(|| metric.bounds.clone()),
        })
    }
}

fn of_alerts(label: &str, rules: &Rules) -> Values {
    let some =
        |values: &[&str]| Values::OneOf(values.iter().map(|value| (*value).to_owned()).collect());
    match label {
        "alertname" => Values::OneOf(rules.alerts().map(|alert| alert.name.clone()).collect()),
        "alertstate" => some(&["pending", "firing"]),
        "severity" => some(&["critical", "warning", "info"]),
        _ => Values::Any,
    }
}
