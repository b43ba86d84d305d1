use std::{collections::BTreeMap, fs};

use serde::Deserialize;

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/alerts.yml");

/// A file of rules, as Prometheus reads it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Rules {
    pub(crate) groups: Vec<Group>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) rules: Vec<Rule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Rule {
    Recording {
        record: String,
        expr: String,
        #[serde(default)]
        labels: BTreeMap<String, String>,
    },
    Alerting(Alert),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alert {
    #[serde(rename = "alert")]
    pub(crate) name: String,
    pub(crate) expr: String,
    #[serde(rename = "for")]
    pub(crate) hold: Option<String>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Rules {
    /// Those of `infra/alerts.yml`.
    pub(crate) fn read() -> Self {
        Self::parse(&fs::read_to_string(RULES).unwrap())
    }

    pub(crate) fn parse(text: &str) -> Self {
        serde_yaml_ng::from_str(text).unwrap()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Rule> {
        self.groups.iter().flat_map(|group| &group.rules)
    }

    pub(crate) fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.all().filter_map(|rule| match rule {
            Rule::Alerting(alert) => Some(alert),
            Rule::Recording { .. } => None,
        })
    }
}

impl Rule {
    pub(crate) fn expr(&self) -> &str {
        match self {
            Self::Recording { expr, .. } | Self::Alerting(Alert { expr, .. }) => expr,
        }
    }

    /// Of what it records, or of the alert.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Recording { record, .. } => record,
            Self::Alerting(alert) => &alert.name,
        }
    }
}
