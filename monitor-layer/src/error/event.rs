use std::time::SystemTime;

use super::Category;
use crate::trace::{SpanId, TraceId};

/// One captured failure with its whole context, as it goes to the error sinks. Secrets are redacted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ErrorEvent {
    /// When it was captured.
    pub timestamp: SystemTime,
    /// The service or worker it happened in.
    pub service: String,
    /// The environment.
    pub env: String,
    /// The trace, as in the log.
    pub trace_id: TraceId,
    /// The step, job or exchange that failed, as in the log.
    pub span_id: SpanId,
    /// The parent of that span.
    pub parent_span_id: Option<SpanId>,
    /// The route's template or the job's niche, as the error sinks group by it.
    pub transaction: String,
    /// The user, where named.
    pub user: Option<String>,
    /// The job, where there is one.
    pub job: Option<String>,
    /// Which attempt of the job it was, from 1.
    pub attempt: Option<u32>,
    /// The innermost step.
    pub step: Option<String>,
    /// The route's template, for exchanges.
    pub route: Option<String>,
    /// The error's type; `panic` for a panic.
    pub error_type: String,
    /// The error's text.
    pub message: String,
    /// The texts of its sources, outermost first.
    pub chain: Vec<String>,
    /// The category.
    pub category: Category,
    /// The code, where it has one.
    pub code: Option<String>,
    /// Tags that were added from inside.
    pub tags: Vec<(String, String)>,
}
