use std::time::SystemTime;

use opentelemetry::trace;
use tracing::{Event, Level};

use super::{
    attributes::{Attributes, redacted},
    field::{FieldValue, FieldVisitor},
};
use crate::redact::Redactor;

/// A `tracing` event as the event of a span.
pub(crate) fn event(event: &Event<'_>, redactor: &Redactor) -> trace::Event {
    let (mut message, mut attributes) = (None, Attributes::new(redactor));
    event.record(&mut FieldVisitor(|key, value: FieldValue<'_>| {
        match (key, value) {
            ("message", FieldValue::Text(text)) => message = Some(redacted(text, redactor)),
            _ => attributes.field(key, value),
        }
    }));
    let metadata = event.metadata();
    attributes.known("level", level(*metadata.level()));
    attributes.known("target", metadata.target());
    let name = match message {
        Some(message) => message.into(),
        None => metadata.name().into(),
    };
    event_named(name, attributes)
}

fn event_named(name: std::borrow::Cow<'static, str>, attributes: Attributes<'_>) -> trace::Event {
    trace::Event::new(name, SystemTime::now(), attributes.list, attributes.dropped)
}

/// As in log entries.
fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        _ => "debug",
    }
}
