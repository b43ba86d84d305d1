use std::{error::Error, fmt, panic, sync::Arc};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{
    Entry, Fields, Identity,
    fields::{ErrorValue, Value},
};
use crate::{
    error::{chain, text},
    metrics::Signal,
    monitor::Core,
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
    fn destination(&self) -> Option<Arc<Core>> {
        let current = current::with_current(|scope| scope.and_then(|scope| scope.core.clone()));
        match (current, &self.core) {
            (None, own) => own.clone(),
            (Some(current), Some(own)) if Arc::ptr_eq(&current.shared, &own.shared) => {
                Some(current)
            }
            (Some(current), _) => (!current.log.has_layer()).then_some(current),
        }
    }

    fn write<S>(core: &Core, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        let mut visitor = Visitor::default();
        event.record(&mut visitor);
        let mut fields = visitor.fields;
        let mut identity = Identity::current();
        let (mut user, mut job) = (fields.take_string("user_id"), fields.take_string("job_id"));
        let scope_span = identity.span_id;
        for (depth, span) in context.event_scope(event).into_iter().flatten().enumerate() {
            let extensions = span.extensions();
            let Some(seen) = extensions.get::<SeenSpan>() else {
                continue;
            };
            // A span made inside of the current step is further in than the step; one made outside is not.
            if depth == 0 && seen.made_in == scope_span {
                identity.span_id = Some(seen.id);
            }
            for (key, value) in seen.fields.iter() {
                match key {
                    "user_id" => user = user.or_else(|| Some(value.to_string())),
                    "job_id" => job = job.or_else(|| Some(value.to_string())),
                    _ => fields.set(key.to_owned(), || value.clone()),
                }
            }
        }
        identity.user = user.map(Into::into).or(identity.user);
        identity.job = job.map(Into::into).or(identity.job);
        let message = visitor.message.unwrap_or_default();
        core.log.write(
            core,
            &Entry {
                level: *event.metadata().level(),
                message: &message,
                identity,
                fields,
            },
        );
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
        let visitor = Visitor::of_span(|visitor| attributes.record(visitor));
        let made_in = current::with_current(|scope| scope.map(|scope| scope.context.span_id()));
        let id = match made_in {
            Some(step) if attributes.metadata().target() == STEP_TARGET => step,
            _ => SpanId::generate(),
        };
        span.extensions_mut().insert(SeenSpan {
            id,
            made_in,
            fields: visitor.fields,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let visitor = Visitor::of_span(|visitor| values.record(visitor));
        if let Some(seen) = span.extensions_mut().get_mut::<SeenSpan>() {
            seen.fields.replace_all(visitor.fields);
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

/// What a span has to tell to the events inside of it.
struct SeenSpan {
    id: SpanId,
    /// The exchange, job or step that it was made in.
    made_in: Option<SpanId>,
    fields: Fields,
}

/// Reads fields as they are recorded.
#[derive(Default)]
struct Visitor {
    message: Option<String>,
    fields: Fields,
    /// A span has no message: a field of that name is one like others.
    of_span: bool,
}

impl Visitor {
    fn of_span(record: impl FnOnce(&mut Self)) -> Self {
        let mut visitor = Self {
            of_span: true,
            ..Self::default()
        };
        // A `Debug` of the user's that panics takes the fields from it on, and nothing else.
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(|| record(&mut visitor)));
        visitor
    }

    fn text(&mut self, field: &Field, text: String) {
        if field.name() == "message" && !self.of_span {
            self.message = Some(text);
        } else {
            self.fields.replace(field.name(), Value::String(text));
        }
    }
}

impl Visit for Visitor {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields
            .replace(field.name(), Value::Unsigned(value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields
            .replace(field.name(), Value::Signed(value.into()));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.fields.replace(field.name(), Value::Unsigned(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.fields.replace(field.name(), Value::Signed(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.replace(field.name(), Value::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.replace(field.name(), Value::Boolean(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.fields.replace(
            field.name(),
            Value::Error(ErrorValue {
                type_name: None,
                message: text(value),
                chain: chain(value),
            }),
        );
    }
}
