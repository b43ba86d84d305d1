use http::Method;
use opentelemetry::{Array, Key, KeyValue, Value};

use super::field::FieldValue;
use crate::{
    metrics::known_method,
    redact::{REDACTED, Redactor},
};

/// OpenTelemetry's own limit on a span's attributes.
pub(crate) const MOST: usize = 128;
/// What is kept of one text, in bytes.
const LONGEST_TEXT: usize = 8 * 1024;

/// The attributes of a span or an event: within limits, secrets redacted.
pub(crate) struct Attributes<'a> {
    redactor: &'a Redactor,
    pub(super) list: Vec<KeyValue>,
    pub(super) dropped: u32,
}

impl<'a> Attributes<'a> {
    pub(crate) const fn new(redactor: &'a Redactor) -> Self {
        Self {
            redactor,
            list: Vec::new(),
            dropped: 0,
        }
    }

    /// A text that is ours or harmless by its kind.
    pub(crate) fn known(&mut self, key: &'static str, value: impl Into<Value>) {
        self.push(key.into(), value.into());
    }

    /// A text that came from outside.
    pub(crate) fn text(&mut self, key: impl Into<Key>, text: &str) {
        let key = key.into();
        let value = text_value(key.as_str(), text, self.redactor);
        self.push(key, value);
    }

    /// A field as `tracing` recorded it.
    pub(crate) fn field(&mut self, key: &'static str, value: FieldValue<'_>) {
        self.push(key.into(), field_value(key, value, self.redactor));
    }

    pub(crate) fn into_parts(self) -> (Vec<KeyValue>, u32) {
        (self.list, self.dropped)
    }

    fn push(&mut self, key: Key, value: Value) {
        if self.list.len() == MOST {
            self.dropped += 1;
        } else {
            self.list.push(KeyValue::new(key, value));
        }
    }
}

/// The value of a field, without secrets.
pub(crate) fn field_value(key: &str, value: FieldValue<'_>, redactor: &Redactor) -> Value {
    match value {
        FieldValue::Text(text) | FieldValue::Error(text, []) => text_value(key, text, redactor),
        // OTLP has no wider numbers.
        FieldValue::Unsigned(number) => match i64::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => number.to_string().into(),
        },
        FieldValue::Signed(number) => match i64::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => number.to_string().into(),
        },
        FieldValue::Float(number) => number.into(),
        FieldValue::Boolean(boolean) => boolean.into(),
        FieldValue::Error(message, chain) => {
            let texts = std::iter::once(message).chain(chain.iter().map(String::as_str));
            let texts = texts.map(|text| redacted(text, redactor).into());
            Value::Array(Array::String(texts.collect()))
        }
    }
}

fn text_value(key: &str, text: &str, redactor: &Redactor) -> Value {
    match redactor.is_sensitive(key) {
        true => REDACTED.into(),
        false => redacted(text, redactor).into(),
    }
}

/// A text as it goes out: redacted, and cut where it is very long.
pub(crate) fn redacted(text: &str, redactor: &Redactor) -> String {
    redactor.text(cut(text, LONGEST_TEXT)).into_owned()
}

/// As much of a text as so many bytes hold.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// `http.request.method`: one that is known, else `_OTHER`.
pub(crate) fn method(method: &Method) -> &'static str {
    known_method(method).unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_at_most_128_and_the_rest_is_counted() {
        let redactor = Redactor::default();
        let mut attributes = Attributes::new(&redactor);
        (0..130).for_each(|number| attributes.known("key", number));
        assert_eq!((attributes.list.len(), attributes.dropped), (128, 2));
    }

    #[test]
    fn texts_are_redacted_and_cut_between_characters() {
        let redactor = Redactor::default();
        let mut attributes = Attributes::new(&redactor);
        attributes.text("password", "abc");
        attributes.text("url", "postgres://me:pw@db/x");
        attributes.text("long", &"é".repeat(LONGEST_TEXT));
        let texts: Vec<_> = attributes
            .list
            .iter()
            .map(|pair| pair.value.as_str())
            .collect();
        assert_eq!(texts[0], "[REDACTED]");
        assert_eq!(texts[1], "postgres://me:[REDACTED]@db/x");
        assert_eq!(texts[2].len(), LONGEST_TEXT);
    }
}
