use super::{Definition, Kind, Label, closed, code, label_values};
use crate::exchange::{End, GrpcStatus, StreamKind};

/// The nine of RFC 9110 and, for PATCH, RFC 5789; the last stands for all others.
pub(crate) const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER",
];

pub(crate) const METHOD: Label = closed("method", &METHODS);
pub(crate) const ROUTE: Label = code("route");
pub(crate) const STATUS_CODE: Label = code("status");
pub(crate) const OUTCOME: Label = closed("outcome", label_values!(End));
pub(crate) const STREAM_KIND: Label = closed("kind", label_values!(StreamKind));
pub(crate) const GRPC_STATUS: Label = closed("grpc_status", label_values!(GrpcStatus));

pub(super) const REQUEST_SECONDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];
/// Powers of 4 from 64 to 64 Mi.
const SIZES: &[f64] = &[
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// The metrics of requests.
pub(crate) const HTTP: [&Definition; 10] = [
    &HTTP_REQUEST_DURATION,
    &HTTP_REQUESTS,
    &HTTP_ACTIVE,
    &HTTP_STARTED,
    &HTTP_OUTCOMES,
    &HTTP_REQUEST_SIZE,
    &HTTP_RESPONSE_SIZE,
    &HTTP_RESPONSE_START,
    &HTTP_STREAM_DURATION,
    &GRPC_REQUESTS,
];

pub(crate) const HTTP_REQUEST_DURATION: Definition = Definition {
    name: "http_request_duration_seconds",
    kind: Kind::Seconds(REQUEST_SECONDS),
    help: "Time from a request's arrival to the end of its response; to the head for streams.",
    labels: &[METHOD, ROUTE, STATUS_CODE],
};
pub(crate) const HTTP_REQUESTS: Definition = Definition {
    name: "http_requests_total",
    kind: Kind::Counter,
    help: "Requests that are over.",
    labels: &[METHOD, ROUTE, STATUS_CODE],
};
pub(crate) const HTTP_ACTIVE: Definition = Definition {
    name: "http_active_connections",
    kind: Kind::Gauge,
    help: "Requests that have arrived and are not over, open upgraded connections included.",
    labels: &[],
};
pub(crate) const HTTP_STARTED: Definition = Definition {
    name: "http_requests_started_total",
    kind: Kind::Counter,
    help: "Requests that have arrived.",
    labels: &[],
};
pub(crate) const HTTP_OUTCOMES: Definition = Definition {
    name: "http_request_outcomes_total",
    kind: Kind::Counter,
    help: "Requests that are over, by how they ended.",
    labels: &[OUTCOME],
};
pub(crate) const HTTP_REQUEST_SIZE: Definition = Definition {
    name: "http_request_size_bytes",
    kind: Kind::Bytes(SIZES),
    help: "Bytes of request bodies that were read.",
    labels: &[METHOD, ROUTE],
};
pub(crate) const HTTP_RESPONSE_SIZE: Definition = Definition {
    name: "http_response_size_bytes",
    kind: Kind::Bytes(SIZES),
    help: "Bytes of response bodies that were handed on.",
    labels: &[METHOD, ROUTE],
};
pub(crate) const HTTP_RESPONSE_START: Definition = Definition {
    name: "http_response_start_seconds",
    kind: Kind::Seconds(REQUEST_SECONDS),
    help: "Time from a request's arrival to its response's head.",
    labels: &[METHOD, ROUTE],
};
pub(crate) const HTTP_STREAM_DURATION: Definition = Definition {
    name: "http_stream_duration_seconds",
    kind: Kind::Seconds(&[
        0.1, 1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0,
    ]),
    help: "Life of server-sent events, WebSockets, other upgrades and gRPC calls, from arrival to the end.",
    labels: &[ROUTE, STREAM_KIND],
};
pub(crate) const GRPC_REQUESTS: Definition = Definition {
    name: "grpc_requests_total",
    kind: Kind::Counter,
    help: "gRPC calls that are over, by the status that they ended with.",
    labels: &[ROUTE, GRPC_STATUS],
};
