//! That the collector's files hold what is known of its components: no collector that could say so is to be had here.
//! What they use of each component is written down as a type.

mod component;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::yaml::document;
use crate::parts::changed;

const FILES: [&str; 2] = ["collector.yml", "collector-load-balancer.yml"];

/// A collector's file, with components by `type` or `type/name`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    extensions: BTreeMap<String, Value>,
    receivers: BTreeMap<String, Value>,
    processors: BTreeMap<String, Value>,
    exporters: BTreeMap<String, Value>,
    service: Service,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    extensions: Vec<String>,
    pipelines: BTreeMap<String, Pipeline>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pipeline {
    receivers: Vec<String>,
    processors: Vec<String>,
    exporters: Vec<String>,
}

/// All that is wrong with a file.
fn problems(file: Value) -> Vec<String> {
    let read: Configuration = match serde_json::from_value(file) {
        Ok(read) => read,
        Err(error) => return vec![error.to_string()],
    };
    let mut problems = vec![];
    let kinds = [
        &read.extensions,
        &read.receivers,
        &read.processors,
        &read.exporters,
    ];
    for (name, settings) in kinds.into_iter().flatten() {
        let kind = name.split('/').next().unwrap_or_default();
        if let Err(error) = component::read(kind, settings) {
            problems.push(format!("{name}: {error}"));
        }
    }
    let pipelines = || read.service.pipelines.values();
    for (kind, defined, used) in [
        (
            "extension",
            &read.extensions,
            read.service.extensions.iter().collect::<Vec<_>>(),
        ),
        (
            "receiver",
            &read.receivers,
            pipelines().flat_map(|each| &each.receivers).collect(),
        ),
        (
            "processor",
            &read.processors,
            pipelines().flat_map(|each| &each.processors).collect(),
        ),
        (
            "exporter",
            &read.exporters,
            pipelines().flat_map(|each| &each.exporters).collect(),
        ),
    ] {
        let (defined, used) = (
            BTreeSet::from_iter(defined.keys()),
            BTreeSet::from_iter(used),
        );
        problems.extend(
            used.difference(&defined)
                .map(|name| format!("the {kind} {name} is not defined")),
        );
        problems.extend(
            defined
                .difference(&used)
                .map(|name| format!("the {kind} {name} is not used")),
        );
    }
    for (name, pipeline) in &read.service.pipelines {
        if pipeline.processors.first().map(String::as_str) != Some("memory_limiter") {
            problems.push(format!(
                "{name}: what has no room is to be refused before all else"
            ));
        }
    }
    problems
}

#[test]
fn every_component_is_known_defined_and_used() {
    for file in FILES {
        assert_eq!(problems(document(file)), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn a_broken_file_is_refused() {
    let policy = "/processors/tail_sampling/policies/0/status_code/status_codes/0";
    for (expected, pointer, value) in [
        ("unknown variant `zipkin`", "/receivers/zipkin", json!({})),
        (
            "unknown field `decision_time`",
            "/processors/tail_sampling/decision_time",
            json!("10s"),
        ),
        (
            "the exporter otlp/tempo is not defined",
            "/service/pipelines/traces/exporters/0",
            json!("otlp/tempo"),
        ),
        (
            "the exporter otlp/jaeger is not used",
            "/service/pipelines/traces/exporters/0",
            json!("otlp/tempo"),
        ),
        ("unknown variant `FAILED`", policy, json!("FAILED")),
        (
            "what has no room",
            "/service/pipelines/logs/processors",
            json!(["batch"]),
        ),
    ] {
        let problems = problems(changed(&document(FILES[0]), pointer, value));
        assert!(
            problems.iter().any(|problem| problem.contains(expected)),
            "{expected}: {problems:?}"
        );
    }
}
