//! `docs/metrics.md`, written from the catalogue: `UPDATE=1 cargo test --workspace` rewrites it.

use std::fmt::Write as _;

use super::{BUSINESS, CLIENT, Definition, HTTP, Kind, OPERATIONS, Values, WORK};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");

const INTRODUCTION: &str = "\
# Metrics

Written from the catalogue in `monitor-layer/src/metrics/catalog`; a test holds the two equal, and
`UPDATE=1 cargo test --workspace` rewrites this page. Names, labels and closed values are public API.

- Histograms have classic buckets in every format and, with the feature `native-histograms`, native ones of schema 3 in
  protobuf. Exemplars (`trace_id`, `span_id`) come with OpenMetrics and protobuf.
- A label's values are closed, or bounded by code (routes, steps, checks, statuses), or open: those have a budget, 200 by
  default, past which they count as `_other` and in `metrics_label_overflow_total`.
- An empty label is none. On Linux the standard `process_*` metrics stand beside these.
";

fn document() -> String {
    let mut document = INTRODUCTION.to_owned();
    for (title, definitions) in [
        ("Requests", &HTTP[..]),
        ("Calls to other services", &CLIENT),
        ("Jobs and steps", &WORK),
        ("Business", &BUSINESS),
        ("Failures, health and the telemetry itself", &OPERATIONS),
    ] {
        let _ = write!(document, "\n## {title}\n");
        for definition in definitions {
            document.push_str(&section(definition));
        }
    }
    document
}

fn section(definition: &Definition) -> String {
    let kind = match definition.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Seconds(_) | Kind::Bytes(_) => "histogram",
    };
    let mut section = format!(
        "\n### `{}`\n\n{}\n\n- {kind}",
        definition.name, definition.help
    );
    if let Some(unit) = definition.unit() {
        let _ = write!(section, " in {unit}");
    }
    section.push('\n');
    for label in definition.labels {
        let values = match label.values {
            Values::Closed(values) => format!("`{}`", values.join("` `")),
            Values::Code => "bounded by code".to_owned(),
            Values::Budgeted => "open, up to the budget".to_owned(),
        };
        let _ = writeln!(section, "- label `{}`: {values}", label.name);
    }
    if !definition.bounds().is_empty() {
        let bounds: Vec<_> = definition.bounds().iter().map(f64::to_string).collect();
        let _ = writeln!(section, "- buckets {}", bounds.join(" "));
    }
    section
}

#[test]
fn the_documented_metrics_are_the_catalogue_s() {
    let document = document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PATH, &document).unwrap();
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        written == document,
        "docs/metrics.md is not what the catalogue says; UPDATE=1 cargo test --workspace rewrites it"
    );
}
