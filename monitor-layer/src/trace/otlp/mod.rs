//! Exchanges, jobs, steps and spans as OpenTelemetry spans, over OTLP (http/protobuf).
//!
//! The ids are those of their [`TraceContext`](super::TraceContext): nothing here makes any. A piece of work that is over
//! becomes one `SpanData` and goes straight to the SDK's batch processor, whose own thread sends it. What is not sampled
//! leaves a short note of its steps with its exchange or job, in case that fails.

mod attributes;
#[cfg(feature = "testing")]
pub(crate) mod bench;
mod client;
mod event;
mod exchange;
mod exporter;
mod field;
mod keep;
mod queue;
mod sender;
mod settings;
mod span;
mod trail;
mod warnings;
mod work;

pub use self::settings::Otlp;
pub(crate) use self::{
    attributes::{MOST as MOST_ATTRIBUTES, field_value, redacted},
    event::event,
    exchange::RequestFacts,
    exporter::{Exporter, ExporterOptions},
    field::{FieldValue, FieldVisitor},
    keep::Keep,
    settings::{InvalidOtlp, LONGEST_TIME, MOST_WAITING, parse_headers},
    span::{span_context, span_data},
    trail::Trail,
    work::{EndedJob, ended_call, ended_exchange, ended_job, ended_step, failed_attempt},
};
