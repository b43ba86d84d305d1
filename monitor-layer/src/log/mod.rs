//! Log entries: one JSON object a line, with the ids of the exchange, job or step that wrote it.

mod access;
mod fields;
mod json;
mod layer;
mod opening;
mod sink;
mod terminal;
mod time;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use tracing::Level;
use tracing_subscriber::filter::Targets;

pub use self::{access::AccessLog, layer::LogLayer};
pub(crate) use self::{
    access::{AccessExchange, add_tags, warn_of_unmatched},
    fields::Fields,
    layer::STEP_TARGET,
    opening::Opening,
    sink::Sink,
    time::Timestamp,
};
use crate::{
    metrics::Signal,
    monitor::Core,
    trace::{SpanId, TraceId, current},
};

/// The target of the monitor's own warnings.
const OWN_TARGET: &str = "monitor_layer";

/// The log of a monitor.
pub(crate) struct Log {
    filter: Targets,
    sink: Sink,
    /// Whether `tracing` events reach it by a layer of its own.
    has_layer: AtomicBool,
    warned_of_unmatched: AtomicBool,
}

impl Log {
    pub(crate) fn new(filter: Targets, sink: Sink) -> Self {
        Self {
            filter,
            sink,
            has_layer: AtomicBool::new(false),
            warned_of_unmatched: AtomicBool::new(false),
        }
    }

    pub(crate) fn enabled(&self, target: &str, level: Level) -> bool {
        self.filter.would_enable(target, &level)
    }

    pub(crate) fn filter(&self) -> Targets {
        self.filter.clone()
    }

    /// Writes a line of the monitor's own about the exchange, job or step that is current. It does not go through
    /// `tracing`, so that it is written once, whatever subscribers there are.
    pub(crate) fn line(
        &self,
        core: &Core,
        target: &str,
        level: Level,
        message: &str,
        describe: impl FnOnce(&mut Fields),
    ) {
        if self.enabled(target, level) {
            self.line_of(core, Identity::current(), level, message, describe);
        }
    }

    /// Writes a line of the monitor's own about what has this identity, whatever the filter.
    fn line_of(
        &self,
        core: &Core,
        identity: Identity,
        level: Level,
        message: &str,
        describe: impl FnOnce(&mut Fields),
    ) {
        let mut fields = Fields::default();
        describe(&mut fields);
        if let Some(parent) = identity.parent_span_id {
            fields.string("parentSpanId", parent.to_string());
        }
        self.write(
            core,
            &Entry {
                level,
                message,
                identity,
                fields,
            },
        );
    }

    /// Tells the operator of something that is not as it should be.
    pub(crate) fn warning(&self, core: &Core, message: &str) {
        self.line(core, OWN_TARGET, Level::WARN, message, |_| {});
    }

    pub(crate) fn flush(&self, _deadline: Duration) {
        self.sink.flush();
    }

    fn write(&self, core: &Core, entry: &Entry<'_>) {
        opening::write_held_back();
        let now = Timestamp::from(SystemTime::now());
        let line = match self.sink {
            Sink::Terminal => terminal::line(core, entry, now),
            _ => json::line(core, entry, now),
        };
        if self.sink.write(line).is_err() {
            core.metrics.dropped(Signal::Logs);
        }
    }
}

/// What one line tells.
struct Entry<'a> {
    level: Level,
    message: &'a str,
    identity: Identity,
    fields: Fields,
}

/// Whose line it is.
#[derive(Clone, Default)]
struct Identity {
    trace_id: Option<TraceId>,
    span_id: Option<SpanId>,
    parent_span_id: Option<SpanId>,
    user: Option<Arc<str>>,
    job: Option<Arc<str>>,
}

impl Identity {
    /// That of the exchange, job or step that is current.
    fn current() -> Self {
        current::with_current(|scope| {
            let scope = scope?;
            let (user, job) = match &scope.unit {
                Some(unit) => {
                    let state = unit.lock();
                    (state.user.clone(), state.job.clone())
                }
                None => (None, None),
            };
            Some(Self {
                trace_id: Some(scope.context.trace_id()),
                span_id: Some(scope.context.span_id()),
                parent_span_id: scope.context.parent_span_id(),
                user,
                job,
            })
        })
        .unwrap_or_default()
    }
}

impl Log {
    fn claim_layer(&self) {
        self.has_layer.store(true, Ordering::Relaxed);
    }

    fn has_layer(&self) -> bool {
        self.has_layer.load(Ordering::Relaxed)
    }
}

/// `trace` counts as debug.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        _ => "debug",
    }
}
