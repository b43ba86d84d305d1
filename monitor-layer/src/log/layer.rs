use std::{fmt, mem, ops::Deref, panic, sync::Arc};

use tracing::{
    Dispatch, Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{
    Entry, Identity, buffers::Buffers, fields::Fields, members::Known, opening, span::SpanFields,
    visit::Visitor,
};
use crate::{
    metrics::Signal,
    monitor::Core,
    redact::Redactor,
    trace::{current, spans::Spans},
};

/// Writes the log entries of `tracing` events, with the ids of the exchange, job or step that they happen in.
///
/// Made by [`Monitor::log_layer`](crate::Monitor::log_layer). An event inside of work that another monitor observes
/// goes to that monitor's log, under its service's name.
pub struct LogLayer {
    /// The monitor of events that happen in nobody's work.
    core: Option<Arc<Core>>,
    spans: Spans,
}

/// The monitor that something goes to. The layer's own is not cloned: all threads would count in one place.
enum Destination<'a> {
    Own(&'a Core),
    Current(Arc<Core>),
}

impl Deref for Destination<'_> {
    type Target = Core;

    fn deref(&self) -> &Core {
        match self {
            Self::Own(core) => core,
            Self::Current(core) => core,
        }
    }
}

impl LogLayer {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        core.log.claim_layer();
        Self {
            spans: Spans::new(Some(Arc::clone(&core))),
            core: Some(core),
        }
    }

    /// A layer of no monitor's own: serves each monitor the events of its own work.
    #[cfg(feature = "testing")]
    pub(crate) fn routing() -> Self {
        Self {
            core: None,
            spans: Spans::new(None),
        }
    }

    pub(crate) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// Where the event goes: to the monitor whose work it happens in, unless a layer of that monitor's own sees it.
    fn destination(&self) -> Option<Destination<'_>> {
        current::with_current(|scope| {
            let own = self.core.as_ref();
            let Some(current) = scope.and_then(|scope| scope.core.as_ref()) else {
                return Some(own.map(|own| Destination::Own(own)));
            };
            let is_own = own.is_some_and(|own| Arc::ptr_eq(&current.shared, &own.shared));
            Some(match own {
                Some(own) if Arc::ptr_eq(current, own) => Some(Destination::Own(own)),
                _ if is_own || !current.log.has_layer() => {
                    Some(Destination::Current(Arc::clone(current)))
                }
                _ => None,
            })
        })
        .flatten()
    }

    fn write<S>(&self, core: &Core, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        opening::write_held_back();
        let mut identity = Identity::current();
        Buffers::with(|buffers| {
            let Buffers {
                line,
                message,
                shown,
                members,
                ids,
            } = buffers;
            let fields = Fields::new(members, &core.redactor, Known::Goes);
            event.record(&mut Visitor::of_event(fields, shown, message));
            ids.take_from(members);
            for (depth, span) in context.event_scope(event).into_iter().flatten().enumerate() {
                self.spans.with(&span.id(), |span| {
                    // Else the innermost that is entered is current.
                    if depth == 0
                        && event.parent().is_some()
                        && let Some(context) = &span.context
                    {
                        identity.trace_id = Some(context.trace_id());
                        identity.span_id = Some(context.span_id());
                    }
                    members.add_missing(&span.line.members);
                    ids.add_missing(&span.line.ids);
                });
            }
            let mut entry = Entry {
                level: *event.metadata().level(),
                message,
                identity: &identity,
                ids,
                members,
            };
            core.log.write(core, &mut entry, line);
        });
    }

    fn record(&self, record: impl FnOnce(&mut Visitor<'_>)) -> SpanFields {
        let none = Redactor::default();
        let destination = self.destination();
        let redactor = destination.as_ref().map_or(&none, |core| &core.redactor);
        SpanFields::record(redactor, record)
    }
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_layer(&mut self, inner: &mut S) {
        self.spans.join(inner);
    }

    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.spans.join_all(subscriber);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        // Before the span is known: what is recorded may log in turn.
        let mut line = self.record(|visitor| attributes.record(visitor));
        self.spans.opened(attributes, id);
        self.spans
            .with(id, |span| mem::swap(&mut span.line, &mut line));
        line.recycle();
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let line = self.record(|visitor| values.record(visitor));
        self.spans.with(id, |span| span.line.replace(&line));
        line.recycle();
        #[cfg(feature = "otlp")]
        self.spans.recorded(id, values);
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        self.spans.entered(id);
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        self.spans.exited(id);
    }

    #[cfg(feature = "otlp")]
    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        self.spans.followed(id, follows);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.spans.closed(&id);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        #[cfg(feature = "otlp")]
        self.spans.event(event);
        let Some(core) = self.destination() else {
            return;
        };
        let metadata = event.metadata();
        if !core.log.enabled(metadata.target(), *metadata.level()) {
            return;
        }
        // A `Debug` of the user's that panics takes its line, and nothing else.
        let written = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            self.write(&core, event, &context);
        }));
        if written.is_err() {
            core.metrics.dropped(Signal::Logs);
        }
    }
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LogLayer").finish_non_exhaustive()
    }
}
