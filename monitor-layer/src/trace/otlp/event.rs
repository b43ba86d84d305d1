use std::{error::Error, fmt, time::SystemTime};

use opentelemetry::trace;
use tracing::{
    Event, Level,
    field::{Field, Visit},
};

use super::attributes::{Attributes, redacted};
use crate::{
    error::{chain, text},
    redact::Redactor,
    trace::spans::FieldValue,
};

/// A `tracing` event as the event of a span.
pub(crate) fn event(event: &Event<'_>, redactor: &Redactor) -> trace::Event {
    let mut visitor = Visitor {
        redactor,
        message: None,
        attributes: Attributes::new(redactor),
    };
    event.record(&mut visitor);
    let metadata = event.metadata();
    let Visitor {
        message,
        mut attributes,
        ..
    } = visitor;
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

struct Visitor<'a> {
    redactor: &'a Redactor,
    message: Option<String>,
    attributes: Attributes<'a>,
}

impl Visitor<'_> {
    fn text(&mut self, field: &Field, text: &str) {
        match field.name() {
            "message" => self.message = Some(redacted(text, self.redactor)),
            name => self.attributes.text(name, text),
        }
    }
}

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let value = FieldValue::Unsigned(value.into());
        self.attributes.field(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let value = FieldValue::Signed(value.into());
        self.attributes.field(field.name(), value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.attributes
            .field(field.name(), FieldValue::Unsigned(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.attributes
            .field(field.name(), FieldValue::Signed(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.attributes
            .field(field.name(), FieldValue::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.attributes
            .field(field.name(), FieldValue::Boolean(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let (message, chain) = (text(value), chain(value));
        self.attributes
            .field(field.name(), FieldValue::Error(&message, &chain));
    }
}
