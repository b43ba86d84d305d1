//! What the files use of each component; another field, and another component, is refused.

#![expect(dead_code, reason = "that it can be read is the test")]

use serde::Deserialize;
use serde_json::{Value, json};

/// Reads a component's settings; says what is not known of it.
pub(super) fn read(kind: &str, settings: &Value) -> Result<(), serde_json::Error> {
    serde_json::from_value::<Component>(json!({ kind: settings })).map(|_| ())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
        include_file_path: bool,
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
enum Otlp {
    Receiver { protocols: Protocols },
    Exporter { endpoint: String, tls: Tls },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Protocols {
    grpc: Endpoint,
    http: Endpoint,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    endpoint: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
struct Switch {
    enabled: bool,
}

/// An operator of the file log receiver.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Operator {
    Container {
        add_metadata_from_filepath: bool,
    },
    Recombine {
        combine_field: String,
        combine_with: String,
        is_last_entry: String,
        source_identifier: String,
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
struct ParseFrom {
    parse_from: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionCache {
    sampled_cache_size: u64,
    non_sampled_cache_size: u64,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
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
struct Latency {
    threshold_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
struct Protocol {
    otlp: Template,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    timeout: String,
    tls: Tls,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolver {
    dns: Dns,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dns {
    hostname: String,
    port: String,
    interval: String,
}
