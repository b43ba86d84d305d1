use std::{collections::BTreeMap, fs};

use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/grafana/dashboards/");

/// A dashboard of `infra/`, as Grafana reads it.
pub(super) struct Dashboard {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) json: Value,
}

/// What a dashboard asks Prometheus for.
#[derive(Clone, Debug)]
pub(super) struct Query {
    /// The panel's or the annotation's title.
    pub(super) title: String,
    /// With variables in it.
    pub(super) expr: String,
    pub(super) shows_exemplars: bool,
}

impl Dashboard {
    pub(super) fn all() -> [Self; 3] {
        ["overview", "pipeline", "business"].map(Self::read)
    }

    fn read(name: &'static str) -> Self {
        let text = fs::read_to_string(format!("{FOLDER}{name}.json")).unwrap();
        Self {
            name,
            json: serde_json::from_str(&text).unwrap(),
            text,
        }
    }

    /// Rows are none.
    pub(super) fn panels(&self) -> impl Iterator<Item = &Value> {
        let all = list(&self.json["panels"]);
        all.iter().filter(|panel| panel["type"] != "row")
    }

    pub(super) fn variables(&self) -> &[Value] {
        list(&self.json["templating"]["list"])
    }

    pub(super) fn annotations(&self) -> &[Value] {
        list(&self.json["annotations"]["list"])
    }

    pub(super) fn queries(&self) -> Vec<Query> {
        let of_panels = self.panels().flat_map(|panel| {
            let targets = list(&panel["targets"]).iter();
            targets.map(|target| (text(&panel["title"]), target))
        });
        let of_annotations = self.annotations().iter();
        of_panels
            .chain(of_annotations.map(|annotation| (text(&annotation["name"]), annotation)))
            .map(|(title, asking)| Query {
                title: title.to_owned(),
                expr: text(&asking["expr"]).to_owned(),
                shows_exemplars: asking["exemplar"] == true,
            })
            .collect()
    }

    /// The variables whose values are those of a label: by name, the selector and the label.
    pub(super) fn label_variables(&self) -> BTreeMap<&str, (&str, &str)> {
        let variables = self.variables().iter();
        variables
            .filter(|variable| variable["type"] == "query")
            .map(|variable| {
                let query = text(&variable["query"]["query"]);
                let inner = query.strip_prefix("label_values(").unwrap();
                let (selector, label) = inner.rsplit_once(", ").unwrap();
                let label = label.strip_suffix(')').unwrap();
                (text(&variable["name"]), (selector, label))
            })
            .collect()
    }
}

pub(super) fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("expected a list, found {value}"))
}

pub(super) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("expected a text, found {value}"))
}
