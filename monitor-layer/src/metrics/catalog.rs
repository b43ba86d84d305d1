//! What is measured: every metric's name, kind, help, labels and buckets, in one place.
//!
//! Names, labels and closed values are public API.

use crate::{error::Category, exchange::End};

/// One metric.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
    pub(crate) labels: &'static [Label],
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    /// Of durations, with upper bounds in seconds.
    Seconds(&'static [f64]),
    /// Of sizes, with upper bounds in bytes.
    Bytes(&'static [f64]),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    pub(crate) name: &'static str,
    pub(crate) values: Values,
}

/// What bounds the number of a label's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Values {
    /// These alone.
    Closed(&'static [&'static str]),
    /// As many as the code has: routes, steps, checks, statuses.
    Code,
    /// Whatever comes in, up to the budget; then `_other`.
    Budgeted,
}

/// What stands for label values beyond a budget.
pub(crate) const OTHER: &str = "_other";
/// The nine of RFC 9110 and, for PATCH, RFC 5789; the last stands for all others.
pub(crate) const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER",
];

pub(crate) const METHOD: Label = closed("method", &METHODS);
pub(crate) const ROUTE: Label = code("route");
const STATUS_CODE: Label = code("status");
pub(crate) const JOB_END: Label = closed("status", &["COMPLETED", "FAILED", "CANCELLED"]);
pub(crate) const NICHE: Label = budgeted("niche");
pub(crate) const STEP: Label = code("step");
pub(crate) const CHECK: Label = code("check");
pub(crate) const RESOURCE: Label = budgeted("resource");
pub(crate) const SIGNUP_METHOD: Label = budgeted("method");
pub(crate) const CONVERSION_TYPE: Label = budgeted("type");
const MONEY_TYPE: Label = closed("type", &["purchase", "subscription"]);

const REQUEST_SECONDS: &[f64] = &[
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
pub(crate) const HTTP: [&Definition; 8] = [
    &HTTP_REQUEST_DURATION,
    &HTTP_REQUESTS,
    &HTTP_ACTIVE,
    &HTTP_STARTED,
    &HTTP_OUTCOMES,
    &HTTP_REQUEST_SIZE,
    &HTTP_RESPONSE_SIZE,
    &HTTP_RESPONSE_START,
];

/// All others.
pub(crate) const BESIDE_HTTP: [&Definition; 20] = [
    &JOB_DURATION,
    &STEP_DURATION,
    &STEPS_ACTIVE,
    &JOB_QUEUE_DEPTH,
    &JOBS_BY_STATUS,
    &JOB_QUEUE_WAIT,
    &JOB_COST,
    &CREDITS_USED,
    &REVENUE,
    &REFUNDS,
    &SIGNUPS,
    &CONVERSIONS,
    &ERRORS,
    &HEALTH_STATUS,
    &HEALTH_DURATION,
    &TELEMETRY_DROPPED,
    &LABEL_OVERFLOW,
    &SCRAPE_DURATION,
    &SCRAPE_SIZE,
    &BUILD_INFO,
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
    labels: &[closed("outcome", &OUTCOMES)],
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
pub(crate) const JOB_DURATION: Definition = Definition {
    name: "job_duration_seconds",
    kind: Kind::Seconds(&[
        0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0,
    ]),
    help: "Time from a job's first start to its final end.",
    labels: &[JOB_END, NICHE],
};
pub(crate) const STEP_DURATION: Definition = Definition {
    name: "pipeline_step_duration_seconds",
    kind: Kind::Seconds(&[
        0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0,
    ]),
    help: "Time that a step took.",
    labels: &[
        STEP,
        closed("status", &["success", "error", "panicked", "cancelled"]),
    ],
};
pub(crate) const STEPS_ACTIVE: Definition = Definition {
    name: "pipeline_steps_active",
    kind: Kind::Gauge,
    help: "Steps that are running.",
    labels: &[STEP],
};
pub(crate) const JOB_QUEUE_DEPTH: Definition = Definition {
    name: "job_queue_depth",
    kind: Kind::Gauge,
    help: "Jobs that wait in the queue; the whole queue, whoever reports it.",
    labels: &[],
};
pub(crate) const JOBS_BY_STATUS: Definition = Definition {
    name: "jobs_by_status",
    kind: Kind::Gauge,
    help: "Jobs by their status.",
    labels: &[closed(
        "status",
        &["QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"],
    )],
};
pub(crate) const JOB_QUEUE_WAIT: Definition = Definition {
    name: "job_queue_wait_seconds",
    kind: Kind::Seconds(&[0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0]),
    help: "Time that a job waited in the queue, to its first start.",
    labels: &[NICHE],
};
pub(crate) const JOB_COST: Definition = Definition {
    name: "job_cost_usd_total",
    kind: Kind::Counter,
    help: "What jobs cost, in US dollars.",
    labels: &[NICHE, JOB_END, RESOURCE],
};
pub(crate) const CREDITS_USED: Definition = Definition {
    name: "credits_used_total",
    kind: Kind::Counter,
    help: "Credits that users spent.",
    labels: &[],
};
pub(crate) const REVENUE: Definition = Definition {
    name: "revenue_usd_total",
    kind: Kind::Counter,
    help: "Revenue, in US dollars; refunds are not taken off.",
    labels: &[MONEY_TYPE],
};
pub(crate) const REFUNDS: Definition = Definition {
    name: "refunds_usd_total",
    kind: Kind::Counter,
    help: "Refunds, in US dollars.",
    labels: &[MONEY_TYPE],
};
pub(crate) const SIGNUPS: Definition = Definition {
    name: "signups_total",
    kind: Kind::Counter,
    help: "Signups, by how the user signed up.",
    labels: &[SIGNUP_METHOD],
};
pub(crate) const CONVERSIONS: Definition = Definition {
    name: "conversions_total",
    kind: Kind::Counter,
    help: "Conversions, by what users were won for.",
    labels: &[CONVERSION_TYPE],
};
pub(crate) const ERRORS: Definition = Definition {
    name: "errors_total",
    kind: Kind::Counter,
    help: "Captured failures, each once, sent or not.",
    labels: &[closed("category", &CATEGORIES)],
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
pub(crate) const TELEMETRY_DROPPED: Definition = Definition {
    name: "telemetry_dropped_total",
    kind: Kind::Counter,
    help: "Log entries, spans, error events, alerts and observations that were lost.",
    labels: &[closed("signal", &SIGNALS)],
};
pub(crate) const LABEL_OVERFLOW: Definition = Definition {
    name: "metrics_label_overflow_total",
    kind: Kind::Counter,
    help: "How often a label's value was counted as _other, its budget being spent.",
    labels: &[code("metric"), code("label")],
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
    labels: &[code("service"), code("version"), code("env")],
};

const OUTCOMES: [&str; 6] = {
    let mut values = [""; 6];
    let mut at = 0;
    while at < values.len() {
        values[at] = End::ALL[at].as_str();
        at += 1;
    }
    values
};
const CATEGORIES: [&str; 6] = {
    let mut values = [""; 6];
    let mut at = 0;
    while at < values.len() {
        values[at] = Category::ALL[at].as_str();
        at += 1;
    }
    values
};
const SIGNALS: [&str; 5] = ["logs", "spans", "errors", "alerts", "observers"];

const fn closed(name: &'static str, values: &'static [&'static str]) -> Label {
    Label {
        name,
        values: Values::Closed(values),
    }
}

const fn code(name: &'static str) -> Label {
    Label {
        name,
        values: Values::Code,
    }
}

const fn budgeted(name: &'static str) -> Label {
    Label {
        name,
        values: Values::Budgeted,
    }
}
