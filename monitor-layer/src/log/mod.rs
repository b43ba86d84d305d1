//! Log entries: one JSON object a line, with the ids of the exchange, job or step that wrote it.

mod access;
mod buffers;
mod fields;
mod ids;
mod json;
mod layer;
mod line;
mod members;
mod opening;
mod output;
mod queue;
mod sink;
mod span;
mod terminal;
mod time;
mod visit;
mod writer;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use tracing::Level;
use tracing_subscriber::filter::Targets;

pub use self::{access::AccessLog, layer::LogLayer, writer::LogWriter};
pub(crate) use self::{
    access::{AccessExchange, add_tags, warn_of_unmatched},
    fields::Fields,
    opening::Opening,
    sink::Sink,
    span::SpanFields,
    time::Timestamp,
};
use self::{
    buffers::Buffers,
    ids::Ids,
    members::{Known, Members},
    sink::Form,
    writer::Losses,
};
use crate::{
    metrics::{Metrics, Signal},
    monitor::Core,
    redact::Redactor,
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

    /// Lets a thread of its own write. An error says why there is none; whoever logs writes then.
    pub(crate) fn in_background(
        mut self,
        service: &str,
        env: &str,
        metrics: &Arc<Metrics>,
    ) -> (Self, Option<io::Error>) {
        let (service, env): (Box<str>, Box<str>) = (service.into(), env.into());
        let (form, metrics) = (self.sink.form, Arc::clone(metrics));
        let losses = Losses {
            count: Box::new(move |lines| {
                for _ in 0..lines {
                    metrics.dropped(Signal::Logs);
                }
            }),
            line: Box::new(move |dropped| {
                let origin = Origin {
                    service: &service,
                    env: &env,
                    redactor: &Redactor::default(),
                };
                let mut members = Members::default();
                let mut fields = Fields::new(&mut members, origin.redactor, Known::Stays);
                fields.number("dropped", dropped);
                let mut entry = Entry {
                    level: Level::WARN,
                    message: &format!("{dropped} log lines dropped"),
                    identity: &Identity::default(),
                    ids: &Ids::default(),
                    members: &mut members,
                };
                let mut line = String::new();
                entry.write(&mut line, origin, form);
                line
            }),
        };
        let (sink, error) = self.sink.in_background(thread::Builder::new(), losses);
        self.sink = sink;
        (self, error)
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
            self.line_of(core, &Identity::current(), level, message, describe);
        }
    }

    /// Writes a line of the monitor's own about what has this identity, whatever the filter.
    fn line_of(
        &self,
        core: &Core,
        identity: &Identity,
        level: Level,
        message: &str,
        describe: impl FnOnce(&mut Fields),
    ) {
        opening::write_held_back();
        Buffers::with(|buffers| {
            let members = &mut buffers.members;
            let mut fields = Fields::new(members, &core.redactor, Known::Stays);
            describe(&mut fields);
            if let Some(parent) = identity.parent_span_id {
                fields.span_id("parentSpanId", parent);
            }
            let mut entry = Entry {
                level,
                message,
                identity,
                ids: &buffers.ids,
                members,
            };
            self.write(core, &mut entry, &mut buffers.line);
        });
    }

    /// Tells the operator of something that is not as it should be.
    pub(crate) fn warning(&self, core: &Core, message: &str) {
        self.line(core, OWN_TARGET, Level::WARN, message, |_| {});
    }

    pub(crate) fn flush(&self, deadline: Duration) {
        self.sink.flush(deadline);
    }

    /// For the process may be about to end.
    pub(crate) fn flush_on_panic(&self) {
        self.sink.flush_on_panic();
    }

    /// `line` is a buffer, and empty.
    fn write(&self, core: &Core, entry: &mut Entry<'_>, line: &mut String) {
        entry.write(line, core.into(), self.sink.form);
        if self.sink.write(line, entry.level).is_err() {
            core.metrics.dropped(Signal::Logs);
        }
    }
}

/// Whose log it is, and what is a secret there.
#[derive(Clone, Copy)]
struct Origin<'a> {
    service: &'a str,
    env: &'a str,
    redactor: &'a Redactor,
}

impl<'a> From<&'a Core> for Origin<'a> {
    fn from(core: &'a Core) -> Self {
        Self {
            service: &core.service,
            env: &core.env,
            redactor: &core.redactor,
        }
    }
}

/// What one line tells.
struct Entry<'a> {
    level: Level,
    message: &'a str,
    identity: &'a Identity,
    /// Told by fields, and before those of the identity.
    ids: &'a Ids,
    members: &'a mut Members,
}

impl Entry<'_> {
    fn write(&mut self, line: &mut String, origin: Origin<'_>, form: Form) {
        let now = Timestamp::from(SystemTime::now());
        match form {
            Form::Readable => terminal::write(line, origin, self, now),
            Form::Json => line::write(line, origin, self, now),
        }
    }
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
