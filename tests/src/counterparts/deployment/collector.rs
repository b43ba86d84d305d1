//! That the collector's files hold what is known of its components: no collector that could say so is to be had here.
//! What they use of each component is written down as a type; another field or another component is refused.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::yaml::document;

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

/// What the files use of each component.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
enum Component {
    HealthCheck {
        endpoint: String,
    },
    FileStorage {
        directory: String,
    },
    Otlp(Otlp),
    Otlphttp {
        endpoint: String,
    },
    Filelog {
        include: Vec<String>,
        start_at: StartAt,
        include_file_name: bool,
        storage: String,
        retry_on_failure: Switch,
        operators: Vec<Operator>,
    },
    MemoryLimiter {
        check_interval: String,
        limit_percentage: u8,
        spike_limit_percentage: u8,
    },
    TailSampling {
        decision_wait: String,
        num_traces: u64,
        decision_cache: DecisionCache,
        policies: Vec<Policy>,
    },
    Batch {
        timeout: String,
        send_batch_size: u32,
        send_batch_max_size: u32,
    },
    Loadbalancing {
        routing_key: RoutingKey,
        protocol: Protocol,
        resolver: Resolver,
    },
}

/// One name for what takes and what sends.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "that it can be read is the test")]
enum Otlp {
    Receiver { protocols: Protocols },
    Exporter { endpoint: String, tls: Tls },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Protocols {
    grpc: Endpoint,
    http: Endpoint,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Endpoint {
    endpoint: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Tls {
    insecure: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StartAt {
    Beginning,
    End,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Switch {
    enabled: bool,
}

/// An operator of the file log receiver.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
enum Operator {
    Container {
        add_metadata_from_filepath: bool,
    },
    Filter {
        expr: String,
    },
    JsonParser {
        timestamp: Timestamp,
        severity: ParseFrom,
    },
    TraceParser {
        r#if: String,
        trace_id: ParseFrom,
        span_id: ParseFrom,
    },
    Move {
        r#if: Option<String>,
        from: String,
        to: String,
    },
    Remove {
        r#if: Option<String>,
        field: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Timestamp {
    parse_from: String,
    layout_type: LayoutType,
    layout: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LayoutType {
    Strptime,
    Gotime,
    Epoch,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct ParseFrom {
    parse_from: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct DecisionCache {
    sampled_cache_size: u64,
    non_sampled_cache_size: u64,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
enum Policy {
    StatusCode {
        name: String,
        status_code: StatusCodes,
    },
    Latency {
        name: String,
        latency: Latency,
    },
    Probabilistic {
        name: String,
        probabilistic: Probabilistic,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct StatusCodes {
    status_codes: Vec<StatusCode>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum StatusCode {
    Ok,
    Error,
    Unset,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Latency {
    threshold_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Probabilistic {
    /// A number, once the environment is in it.
    sampling_percentage: String,
}

#[derive(Debug, Deserialize)]
enum RoutingKey {
    #[serde(rename = "traceID")]
    TraceId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Protocol {
    otlp: Template,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Template {
    timeout: String,
    tls: Tls,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Resolver {
    dns: Dns,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that it can be read is the test")]
struct Dns {
    hostname: String,
    port: u16,
    interval: String,
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
    for (name, component) in kinds.into_iter().flatten() {
        let kind = name.split('/').next().unwrap_or_default();
        let tagged = serde_json::json!({ kind: component });
        if let Err(error) = serde_json::from_value::<Component>(tagged) {
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
    let broken: [(&str, fn(&mut Value)); 5] = [
        ("unknown variant `zipkin`", |file| {
            file["receivers"]["zipkin"] = serde_json::json!({})
        }),
        ("unknown field `decision_time`", |file| {
            file["processors"]["tail_sampling"]["decision_time"] = serde_json::json!("10s");
        }),
        ("the exporter otlp/tempo is not defined", |file| {
            file["service"]["pipelines"]["traces"]["exporters"][0] =
                serde_json::json!("otlp/tempo");
        }),
        ("unknown variant `FAILED`", |file| {
            file["processors"]["tail_sampling"]["policies"][0]["status_code"]["status_codes"][0] =
                serde_json::json!("FAILED");
        }),
        ("what has no room", |file| {
            file["service"]["pipelines"]["logs"]["processors"] = serde_json::json!(["batch"]);
        }),
    ];
    for (expected, break_it) in broken {
        let mut file = document(FILES[0]);
        break_it(&mut file);
        let problems = problems(file);
        assert!(
            problems.iter().any(|problem| problem.contains(expected)),
            "{expected}: {problems:?}"
        );
    }
}
