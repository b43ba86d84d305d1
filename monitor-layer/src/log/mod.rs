//! Log entries: one JSON object a line, with the ids of the exchange, job or step that wrote it.

mod access;
mod buffers;
mod control;
mod fields;
#[cfg(feature = "testing")]
pub(crate) mod fuzz;
mod identity;
mod ids;
mod json;
mod key;
mod layer;
mod line;
mod members;
mod opening;
mod origin;
mod output;
mod queue;
mod sink;
mod span;
mod suppressed;
mod terminal;
mod thinned;
mod time;
mod value;
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

pub use self::{
    access::AccessLog,
    control::{InvalidLogLevel, LogFilter},
    layer::LogLayer,
    writer::LogWriter,
};
pub(crate) use self::{
    access::{AccessExchange, add_tags, warn_of_unmatched},
    control::{Directives, HeldLines, Levels, LogRatio, RepeatLimit},
    fields::Fields,
    json::{LONGEST_READ, start_of},
    key::Key,
    opening::Opening,
    origin::Origin,
    sink::Sink,
    span::SpanFields,
    time::Timestamp,
    value::Shown,
};
use self::{
    buffers::Buffers,
    control::{Repeats, Thinning},
    fields::OfUser,
    identity::Identity,
    ids::Ids,
    members::Members,
    sink::Form,
    writer::Losses,
};
use crate::{
    metrics::{Metrics, Signal},
    monitor::Core,
    redact::Redactor,
};

/// The target of the monitor's own warnings.
const OWN_TARGET: &str = "monitor_layer";

/// The log of a monitor.
pub(crate) struct Log {
    levels: Arc<Levels>,
    repeats: Option<Repeats>,
    thinning: Option<Thinning>,
    sink: Sink,
    /// Whether `tracing` events reach it by a layer of its own.
    has_layer: AtomicBool,
    warned_of_unmatched: AtomicBool,
}

impl Log {
    pub(crate) fn new(level: Directives, sink: Sink) -> Self {
        Self {
            levels: Arc::new(Levels::new(level)),
            repeats: None,
            thinning: None,
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
        let origin = Origin::new(&service.into(), env);
        let (form, metrics) = (self.sink.form, Arc::clone(metrics));
        let losses = Losses {
            count: Box::new(move |lines| {
                for _ in 0..lines {
                    metrics.dropped(Signal::Logs);
                }
            }),
            line: Box::new(move |dropped| {
                let redactor = Redactor::default();
                let mut members = Members::default();
                let mut fields = Fields::new(&mut members, &redactor);
                fields.number(Key::DROPPED, dropped);
                let mut entry = Entry {
                    origin: &origin,
                    redactor: &redactor,
                    level: Level::WARN,
                    message: Message::Any(&format!("{dropped} log lines dropped")),
                    identity: &Identity::default(),
                    ids: &Ids::default(),
                    members: &mut members,
                };
                let mut line = Vec::new();
                entry.write(&mut line, form);
                line
            }),
        };
        let (sink, error) = self.sink.in_background(thread::Builder::new(), losses);
        self.sink = sink;
        (self, error)
    }

    pub(crate) fn enabled(&self, target: &str, level: Level) -> bool {
        self.levels.enable(target, level)
    }

    /// Which lines are written, by target and level.
    pub(crate) const fn levels(&self) -> &Arc<Levels> {
        &self.levels
    }

    /// Writes a line of the monitor's own about the exchange, job or step that is current. It does not go through
    /// `tracing`, so that it is written once, whatever subscribers there are.
    pub(crate) fn line(
        &self,
        core: &Core,
        target: &str,
        level: Level,
        message: &'static str,
        describe: impl FnOnce(&mut Fields),
    ) {
        if self.enabled(target, level) {
            let message = Message::Own(message);
            self.line_of(core, &Identity::current(), level, message, describe);
        }
    }

    /// Writes a line of the monitor's own about what has this identity, whatever the filter.
    fn line_of(
        &self,
        core: &Core,
        identity: &Identity,
        level: Level,
        message: Message<'_>,
        describe: impl FnOnce(&mut Fields),
    ) {
        opening::write_held_back();
        with_own_entry(core, identity, level, message, describe, |entry, line| {
            self.write(core, entry, line)
        });
        self.tell_suppressed(core);
    }

    /// Tells the operator of something that is not as it should be.
    pub(crate) fn warning(&self, core: &Core, message: &str) {
        if self.enabled(OWN_TARGET, Level::WARN) {
            let message = Message::Any(message);
            self.line_of(core, &Identity::current(), Level::WARN, message, |_| {});
        }
    }

    pub(crate) fn flush(&self, deadline: Duration) {
        self.sink.flush(deadline);
    }

    /// For the process may be about to end.
    pub(crate) fn flush_on_panic(&self, core: &Core) {
        self.release(core);
        self.sink.flush_on_panic();
    }

    /// `line` is a buffer, and empty. `false` where the line is lost.
    fn write(&self, core: &Core, entry: &mut Entry<'_>, line: &mut Vec<u8>) -> bool {
        entry.write(line, self.sink.form);
        match &self.thinning {
            None => self.put(core, line, entry.level),
            Some(thinning) => self.put_or_hold_back(thinning, core, line, entry.level),
        }
    }

    #[inline]
    fn put(&self, core: &Core, line: &mut Vec<u8>, level: Level) -> bool {
        let is_written = self.sink.write(line, level).is_ok();
        if !is_written {
            core.metrics.dropped(Signal::Logs);
        }
        is_written
    }
}

/// Makes an entry of the monitor's own, in this thread's buffers, and gives it to `write` with one for its line.
#[inline]
fn with_own_entry<R>(
    core: &Core,
    identity: &Identity,
    level: Level,
    message: Message<'_>,
    describe: impl FnOnce(&mut Fields),
    write: impl FnOnce(&mut Entry<'_>, &mut Vec<u8>) -> R,
) -> R {
    Buffers::with(|buffers| {
        let members = &mut buffers.members;
        let of_user = OfUser {
            ids: &mut buffers.ids,
            shown: &mut buffers.shown,
            call_sites: &mut buffers.call_sites,
        };
        let mut fields = Fields::with(members, &core.redactor, of_user);
        describe(&mut fields);
        if let Some(parent) = identity.span.as_ref().and_then(|span| span.parent) {
            fields.span_id(Key::PARENT_SPAN_ID, parent);
        }
        if let Some(attempt) = identity.attempt {
            fields.number(Key::ATTEMPT, attempt);
        }
        let mut entry = Entry {
            origin: &core.origin,
            redactor: &core.redactor,
            level,
            message,
            identity,
            ids: &buffers.ids,
            members,
        };
        write(&mut entry, &mut buffers.line)
    })
}

/// What one line tells.
struct Entry<'a> {
    origin: &'a Origin,
    redactor: &'a Redactor,
    level: Level,
    message: Message<'a>,
    identity: &'a Identity,
    /// Told by fields, and before those of the identity.
    ids: &'a Ids,
    members: &'a mut Members,
}

/// What a line says first.
#[derive(Clone, Copy)]
enum Message<'a> {
    /// The monitor's own words: they hold no secret, and nothing to be escaped.
    Own(&'static str),
    Any(&'a str),
}

impl Entry<'_> {
    fn write(&mut self, line: &mut Vec<u8>, form: Form) {
        let now = Timestamp::from(SystemTime::now());
        match form {
            Form::Readable => terminal::write(line, self, now),
            Form::Json => line::write(line, self, now),
        }
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
pub(crate) fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        _ => "debug",
    }
}
