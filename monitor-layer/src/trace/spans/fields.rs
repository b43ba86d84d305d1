use std::panic::{self, AssertUnwindSafe};

use opentelemetry::{
    KeyValue, Value,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;
use tracing::field::Visit;

use crate::{
    redact::Redactor,
    trace::otlp::{FieldValue, FieldVisitor, MOST_ATTRIBUTES, field_value, redacted},
};

/// The fields of a span as they are exported: attributes, each key once, and what some of them say of the span itself.
#[derive(Default)]
pub(super) struct SpanFields {
    attributes: Vec<KeyValue>,
    dropped: u32,
    name: Option<String>,
    kind: Option<SpanKind>,
    status: Option<Status>,
}

impl SpanFields {
    /// With room for so many more, and this one.
    pub(super) fn with(key: &'static str, value: &'static str, room: usize) -> Self {
        let mut attributes = Vec::with_capacity(room + 1);
        attributes.push(KeyValue::new(key, value));
        Self {
            attributes,
            ..Self::default()
        }
    }

    /// Takes what `record` hands to the visitor. User code runs: no lock may be held.
    pub(super) fn record(&mut self, redactor: &Redactor, record: impl FnOnce(&mut dyn Visit)) {
        // A `Debug` of the user's that panics takes the fields from it on, and nothing else.
        let _ = panic::catch_unwind(AssertUnwindSafe(|| {
            record(&mut FieldVisitor(|key, value: FieldValue<'_>| {
                self.take(key, value, redactor);
            }));
        }));
    }

    /// Takes over what was recorded anew.
    pub(super) fn replace_all(&mut self, newer: Self) {
        for KeyValue { key, value, .. } in newer.attributes {
            self.put(key, value);
        }
        self.dropped += newer.dropped;
        self.name = newer.name.or(self.name.take());
        self.kind = newer.kind.or(self.kind.take());
        self.status = newer.status.or(self.status.take());
    }

    /// Describes the span with them.
    pub(super) fn describe(self, span: &mut SpanData) {
        if let Some(name) = self.name {
            span.name = name.into();
        }
        if let Some(kind) = self.kind {
            span.span_kind = kind;
        }
        match self.status {
            Some(Status::Ok) => span.status = Status::Ok,
            Some(status) if span.status == Status::Unset => span.status = status,
            _ => {}
        }
        span.attributes = self.attributes;
        span.dropped_attributes_count = self.dropped;
    }

    fn take(&mut self, key: &'static str, value: FieldValue<'_>, redactor: &Redactor) {
        match (key, value) {
            ("otel.name", FieldValue::Text(name)) => self.name = Some(redacted(name, redactor)),
            ("otel.kind", FieldValue::Text(text)) => self.kind = kind(text),
            ("otel.status_code", FieldValue::Text(text)) => self.status = status(text),
            _ => self.put(key.into(), field_value(key, value, redactor)),
        }
    }

    fn put(&mut self, key: opentelemetry::Key, value: Value) {
        let place = self.attributes.iter().position(|known| known.key == key);
        match place {
            Some(place) => self.attributes[place].value = value,
            None if self.attributes.len() == MOST_ATTRIBUTES => self.dropped += 1,
            None => self.attributes.push(KeyValue::new(key, value)),
        }
    }
}

fn kind(text: &str) -> Option<SpanKind> {
    let kinds = [
        ("server", SpanKind::Server),
        ("client", SpanKind::Client),
        ("producer", SpanKind::Producer),
        ("consumer", SpanKind::Consumer),
        ("internal", SpanKind::Internal),
    ];
    let known = kinds
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    known.map(|(_, kind)| kind)
}

fn status(text: &str) -> Option<Status> {
    if text.eq_ignore_ascii_case("ok") {
        Some(Status::Ok)
    } else if text.eq_ignore_ascii_case("error") {
        Some(Status::error(""))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pairs: &[(&'static str, FieldValue<'_>)]) -> SpanFields {
        let mut fields = SpanFields::default();
        for (key, value) in pairs {
            fields.take(key, *value, &Redactor::default());
        }
        fields
    }

    #[test]
    fn a_field_that_is_recorded_again_has_its_last_value_in_its_first_place() {
        let mut fields = taken(&[
            ("a", FieldValue::Text("one")),
            ("n", FieldValue::Unsigned(1)),
        ]);
        fields.replace_all(taken(&[
            ("b", FieldValue::Text("two")),
            ("a", FieldValue::Text("three")),
            ("n", FieldValue::Boolean(true)),
        ]));
        assert_eq!(
            fields.attributes,
            [
                KeyValue::new("a", "three"),
                KeyValue::new("n", true),
                KeyValue::new("b", "two"),
            ]
        );
    }

    #[test]
    fn what_is_said_of_the_span_itself_is_no_attribute_and_the_last_word_counts() {
        let said = |text| FieldValue::Text(text);
        let mut fields = taken(&[
            ("otel.name", said("one")),
            ("otel.kind", said("Server")),
            ("otel.status_code", said("ERROR")),
        ]);
        fields.replace_all(taken(&[
            ("otel.name", said("two")),
            ("otel.status_code", said("ok")),
        ]));
        assert_eq!(fields.attributes, []);
        assert_eq!(fields.name.as_deref(), Some("two"));
        assert_eq!(fields.kind, Some(SpanKind::Server));
        assert_eq!(fields.status, Some(Status::Ok));
    }

    #[test]
    fn there_are_at_most_128_and_the_rest_is_counted() {
        let keys: Vec<&'static str> = (0..130).map(|key| &*key.to_string().leak()).collect();
        let pairs: Vec<_> = keys
            .into_iter()
            .map(|key| (key, FieldValue::Boolean(true)))
            .collect();
        let mut fields = taken(&pairs);
        fields.replace_all(taken(&[("one more", FieldValue::Boolean(true))]));
        assert_eq!((fields.attributes.len(), fields.dropped), (128, 3));
    }
}
