use std::{fmt, ops::Deref, panic, sync::Arc};

use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{
    Entry, Identity,
    buffers::Buffers,
    fields::Fields,
    members::Known,
    opening,
    span::{SeenSpan, SpanFields},
    visit::Visitor,
};
use crate::{
    metrics::Signal,
    monitor::Core,
    redact::Redactor,
    trace::{SpanId, current},
};

/// The target of spans that stand for a step, whose id is the step's.
pub(crate) const STEP_TARGET: &str = "monitor_layer::step";

/// Writes the log entries of `tracing` events, with the ids of the exchange, job or step that they happen in.
///
/// Made by [`Monitor::log_layer`](crate::Monitor::log_layer). An event inside of work that another monitor observes
/// goes to that monitor's log, under its service's name.
pub struct LogLayer {
    /// The monitor of events that happen in nobody's work.
    core: Option<Arc<Core>>,
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
        Self { core: Some(core) }
    }

    /// A layer of no monitor's own: serves each monitor the events of its own work.
    #[cfg(feature = "testing")]
    pub(crate) const fn routing() -> Self {
        Self { core: None }
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

    fn write<S>(core: &Core, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        opening::write_held_back();
        let mut identity = Identity::current();
        let scope_span = identity.span_id;
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
                let extensions = span.extensions();
                let Some(seen) = extensions.get::<SeenSpan>() else {
                    continue;
                };
                // A span made inside of the current step is further in than the step; one made outside is not.
                if depth == 0 && seen.made_in == scope_span {
                    identity.span_id = Some(seen.id);
                }
                members.add_missing(&seen.fields.members);
                ids.add_missing(&seen.fields.ids);
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
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        // Another monitor's layer in the same subscriber has seen it.
        if span.extensions().get::<SeenSpan>().is_some() {
            return;
        }
        let fields = self.record(|visitor| attributes.record(visitor));
        let made_in = current::with_current(|scope| scope.map(|scope| scope.context.span_id()));
        let id = match made_in {
            Some(step) if attributes.metadata().target() == STEP_TARGET => step,
            _ => SpanId::generate(),
        };
        span.extensions_mut().insert(SeenSpan {
            id,
            made_in,
            fields,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        // Before the span is locked: what is recorded may log in turn.
        let fields = self.record(|visitor| values.record(visitor));
        if let Some(seen) = span.extensions_mut().get_mut::<SeenSpan>() {
            seen.fields.replace(&fields);
        }
        fields.recycle();
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let seen = span.extensions_mut().remove::<SeenSpan>();
        if let Some(seen) = seen {
            seen.fields.recycle();
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(core) = self.destination() else {
            return;
        };
        let metadata = event.metadata();
        if !core.log.enabled(metadata.target(), *metadata.level()) {
            return;
        }
        // A `Debug` of the user's that panics takes its line, and nothing else.
        let written = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            Self::write(&core, event, &context);
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
