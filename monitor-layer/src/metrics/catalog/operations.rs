use super::{Definition, Kind, Label, closed, code, label_values};
use crate::{error::Category, metrics::Signal};

pub(crate) const CATEGORY: Label = closed("category", label_values!(Category));
pub(crate) const CHECK: Label = code("check");
pub(crate) const SIGNAL: Label = closed("signal", label_values!(Signal));
pub(crate) const LEVEL: Label = closed("level", &["warn", "error"]);
pub(crate) const METRIC_NAME: Label = code("metric");
pub(crate) const LABEL_NAME: Label = code("label");
pub(crate) const SERVICE: Label = code("service");
pub(crate) const VERSION: Label = code("version");
pub(crate) const ENV: Label = code("env");

pub(crate) const CHANNEL: Label = code("channel");
pub(crate) const SEVERITY: Label = closed("severity", &["critical", "warning", "info"]);
pub(crate) const DELIVERY: Label =
    closed("outcome", &["sent", "deduplicated", "failed", "dropped"]);

/// The metrics of failures, health, alerts and the telemetry itself.
pub(crate) const OPERATIONS: [&Definition; 11] = [
    &HTTP_OPEN_CONNECTIONS,
    &ERRORS,
    &HEALTH_STATUS,
    &HEALTH_DURATION,
    &ALERT_NOTIFICATIONS,
    &TELEMETRY_DROPPED,
    &LINES_SUPPRESSED,
    &LABEL_OVERFLOW,
    &SCRAPE_DURATION,
    &SCRAPE_SIZE,
    &BUILD_INFO,
];

pub(crate) const HTTP_OPEN_CONNECTIONS: Definition = Definition {
    name: "http_open_connections",
    kind: Kind::Gauge,
    help: "Accepted connections that are open, idle ones included.",
    labels: &[],
};
pub(crate) const ERRORS: Definition = Definition {
    name: "errors_total",
    kind: Kind::Counter,
    help: "Captured failures, each once, sent or not.",
    labels: &[CATEGORY],
};
pub(crate) const HEALTH_STATUS: Definition = Definition {
    name: "health_check_status",
    kind: Kind::Gauge,
    help: "1 where the check found its object healthy, else 0.",
    labels: &[CHECK],
};
pub(crate) const HEALTH_DURATION: Definition = Definition {
    name: "health_check_duration_seconds",
    kind: Kind::Seconds(&[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0]),
    help: "Time that a health check took.",
    labels: &[CHECK],
};
pub(crate) const ALERT_NOTIFICATIONS: Definition = Definition {
    name: "alert_notifications_total",
    kind: Kind::Counter,
    help: "Alerts of the service's own, by channel and by what became of them.",
    labels: &[CHANNEL, SEVERITY, DELIVERY],
};
pub(crate) const TELEMETRY_DROPPED: Definition = Definition {
    name: "telemetry_dropped_total",
    kind: Kind::Counter,
    help: "Log entries, spans, error events, alerts and observations that were lost.",
    labels: &[SIGNAL],
};
pub(crate) const LINES_SUPPRESSED: Definition = Definition {
    name: "log_lines_suppressed_total",
    kind: Kind::Counter,
    help: "Repeated warnings and errors that were not written; later lines tell how many.",
    labels: &[LEVEL],
};
pub(crate) const LABEL_OVERFLOW: Definition = Definition {
    name: "metrics_label_overflow_total",
    kind: Kind::Counter,
    help: "How often a label's value was counted as _other, its budget being spent.",
    labels: &[METRIC_NAME, LABEL_NAME],
};
pub(crate) const SCRAPE_DURATION: Definition = Definition {
    name: "metrics_scrape_duration_seconds",
    kind: Kind::Gauge,
    help: "How long the scrape before took.",
    labels: &[],
};
pub(crate) const SCRAPE_SIZE: Definition = Definition {
    name: "metrics_scrape_size_bytes",
    kind: Kind::Gauge,
    help: "How large the scrape before was.",
    labels: &[],
};
pub(crate) const BUILD_INFO: Definition = Definition {
    name: "build_info",
    kind: Kind::Gauge,
    help: "Always 1; its labels tell what runs.",
    labels: &[SERVICE, VERSION, ENV],
};
