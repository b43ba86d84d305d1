use std::{collections::BTreeMap, fs};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");

/// What `docs/metrics.md` says of a metric, and what a scrape shows of it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Described {
    pub(crate) help: String,
    pub(crate) kind: String,
    pub(crate) unit: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) bounds: Vec<String>,
}

/// The values of a closed label, by the metric's and the label's name.
pub(crate) type Closed = BTreeMap<(String, String), Vec<String>>;

/// Reads the document.
pub(crate) fn document() -> (BTreeMap<String, Described>, Closed) {
    let text = fs::read_to_string(DOCUMENT).unwrap();
    let (mut documented, mut closed) = (BTreeMap::new(), Closed::new());
    for section in text.split("\n### `").skip(1) {
        let section = section.split("\n## ").next().unwrap();
        let mut lines = section.lines().filter(|line| !line.is_empty());
        let name = lines.next().unwrap().trim_end_matches('`').to_owned();
        let mut metric = Described {
            help: lines.next().unwrap().to_owned(),
            ..Described::default()
        };
        for fact in lines.map(|line| line.strip_prefix("- ").unwrap()) {
            if let Some(label) = fact.strip_prefix("label `") {
                let (label, values) = label.split_once("`: ").unwrap();
                metric.labels.push(label.to_owned());
                if values.starts_with('`') {
                    let values = values
                        .split(' ')
                        .map(|value| value.trim_matches('`').into());
                    closed.insert((name.clone(), label.to_owned()), values.collect());
                }
            } else if let Some(bounds) = fact.strip_prefix("buckets ") {
                metric.bounds = bounds.split(' ').map(str::to_owned).collect();
            } else {
                let (kind, unit) = match fact.split_once(" in ") {
                    Some((kind, unit)) => (kind, Some(unit.to_owned())),
                    None => (fact, None),
                };
                (metric.kind, metric.unit) = (kind.to_owned(), unit);
            }
        }
        metric.labels.sort();
        documented.insert(name, metric);
    }
    (documented, closed)
}
