mod surroundings;

use std::{
    fmt, mem,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use self::surroundings::Surroundings;
use super::{
    Entry, Fields, Key, Message,
    buffers::Buffers,
    opening,
    span::SpanFields,
    visit::{Keys, Visitor},
};
use crate::{
    error::capture_line,
    metrics::Signal,
    monitor::Core,
    redact::Redactor,
    trace::{
        current,
        spans::{Around, Spans},
    },
};

/// How many lines were left out at an event's call site before it.
const SUPPRESSED: &str = "suppressed";

/// Writes the log entries of `tracing` events, with the ids of the exchange, job or step that they happen in.
///
/// Made by [`Monitor::log_layer`](crate::Monitor::log_layer). An event inside of work that another monitor observes
/// goes to that monitor's log, under its service's name.
pub struct LogLayer {
    /// The monitor of events that happen in nobody's work.
    core: Option<Arc<Core>>,
    spans: Spans,
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

    /// `false` where the line is lost.
    fn write<S>(
        &self,
        around: &Surroundings<'_>,
        event: &Event<'_>,
        context: &Context<'_, S>,
        suppressed: u64,
    ) -> bool
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        let core = &*around.core;
        opening::write_held_back();
        Buffers::with(|buffers| {
            let Buffers {
                line,
                message,
                shown,
                members,
                ids,
                call_sites,
            } = buffers;
            // First, where there is room for it.
            if suppressed > 0 {
                Fields::new(members, &core.redactor).number(Key::SUPPRESSED, suppressed);
            }
            event.record(&mut Visitor {
                members,
                ids,
                shown,
                message: Some(message),
                keys: Keys::of(event.metadata(), call_sites, &core.redactor),
            });
            if suppressed > 0 && event.metadata().fields().field(SUPPRESSED).is_some() {
                Fields::new(members, &core.redactor).number(Key::SUPPRESSED, suppressed);
            }
            self.for_each_span(event, around, context, |span| {
                members.add_missing(&span.members);
                ids.add_missing(&span.ids);
            });
            if let Some(attempt) = around.identity.attempt {
                members.add_number("attempt", attempt);
            }
            core.errors
                .keep_breadcrumb(core, event.metadata(), message, members.json());
            let mut entry = Entry {
                origin: &core.origin,
                redactor: &core.redactor,
                level: *event.metadata().level(),
                message: Message::Any(message),
                identity: &around.identity,
                ids,
                members,
            };
            core.log.write(core, &mut entry, line)
        })
    }

    /// Looks at the spans that an event happens in, from the innermost outwards; at some of them twice.
    fn for_each_span<S>(
        &self,
        event: &Event<'_>,
        around: &Surroundings<'_>,
        context: &Context<'_, S>,
        mut look: impl FnMut(&SpanFields),
    ) where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        let innermost = match event.is_contextual() {
            true => around.innermost.clone(),
            false => event.parent().cloned(),
        };
        let mut next = match innermost {
            Some(id) => Around::Span(id),
            None if event.is_root() => Around::Nothing,
            None => Around::Unknown,
        };
        while let Around::Span(id) = &next {
            let further_out = self.spans.with(id, |span| {
                look(&span.line);
                span.around.clone()
            });
            next = further_out.unwrap_or_default();
        }
        // The registry knows of all there are, at more cost.
        if next == Around::Unknown {
            for span in context.event_scope(event).into_iter().flatten() {
                self.spans.with(&span.id(), |span| look(&span.line));
            }
        }
    }

    fn record(
        &self,
        metadata: &'static Metadata<'static>,
        record: impl FnOnce(&mut Visitor<'_>),
    ) -> SpanFields {
        let none = Redactor::default();
        let destination = current::with_current(|scope| self.destination(scope.as_deref()));
        let redactor = destination.as_ref().map_or(&none, |core| &core.redactor);
        SpanFields::record(metadata, redactor, record)
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

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        // Before the span is known: what is recorded may log in turn.
        let mut line = self.record(attributes.metadata(), |visitor| attributes.record(visitor));
        let around = self.spans.around(attributes, &context);
        self.spans.opened(attributes, id);
        self.spans.with(id, |span| {
            mem::swap(&mut span.line, &mut line);
            span.around = around;
        });
        line.recycle();
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(metadata) = context.metadata(id) {
            let line = self.record(metadata, |visitor| values.record(visitor));
            self.spans.with(id, |span| span.line.replace(&line));
            line.recycle();
        }
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
        let Some(around) = self.surroundings(event) else {
            return;
        };
        let core = &*around.core;
        if *event.metadata().level() == Level::ERROR {
            capture_line(core, event);
        }
        let Some(admitted) = core.log.admit(core, event.metadata()) else {
            return;
        };
        let suppressed = admitted.suppressed();
        // A `Debug` of the user's that panics takes its line, and nothing else.
        let written = panic::catch_unwind(AssertUnwindSafe(|| {
            self.write(&around, event, &context, suppressed)
        }));
        match written {
            Ok(true) => admitted.told(),
            Ok(false) => {}
            Err(_) => core.metrics.dropped(Signal::Logs),
        }
        core.log.tell_suppressed(core);
    }
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LogLayer").finish_non_exhaustive()
    }
}
