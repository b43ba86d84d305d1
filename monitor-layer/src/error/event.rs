use std::{fmt, time::SystemTime};

use super::Category;
use crate::trace::{SpanId, TraceId};

/// One captured failure with its whole context, as it goes to the error sinks. Secrets are redacted.
///
/// It tells what its exchange or job knew when it ended: the user, the tags and the route may have been named long after
/// the failure.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ErrorEvent {
    /// When it was captured.
    pub timestamp: SystemTime,
    /// How bad it is.
    pub level: ErrorLevel,
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
    /// Where it was given to `capture_error`, or where it panicked, as `src/render.rs:10:5`; of a panic it is known where
    /// the monitor is installed.
    pub location: Option<String>,
    /// The category.
    pub category: Category,
    /// The code, where it has one.
    pub code: Option<String>,
    /// Tags that were added from inside or when it was captured, to search by.
    pub tags: Vec<(String, String)>,
    /// What else was said when it was captured, to be read.
    pub extras: Vec<(String, String)>,
    /// What error sinks group it by; empty leaves it to them. Category, code and step where it has a code.
    pub fingerprint: Vec<String>,
    /// The last log lines of the `tracing` events of its own exchange or job before it, oldest first.
    pub breadcrumbs: Vec<Breadcrumb>,
    /// How many alike were left out since the last one that was sent, for there were too many within a minute.
    pub suppressed: u64,
}

/// How bad a failure is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorLevel {
    /// Worth to be known.
    Info,
    /// It may still end well: it will be tried again.
    Warning,
    /// Something failed.
    #[default]
    Error,
    /// The thread or the process is over.
    Fatal,
}

impl ErrorLevel {
    /// The name, as error sinks have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

impl fmt::Display for ErrorLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A log line that came before a failure.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Breadcrumb {
    /// When it was written.
    pub timestamp: SystemTime,
    /// `debug`, `info`, `warn` or `error`, as in the log.
    pub level: &'static str,
    /// The event's target.
    pub target: &'static str,
    /// The message.
    pub message: String,
    /// The fields, as the members of a JSON object; empty where there are none, or more than 512 bytes of them.
    pub fields: String,
}
