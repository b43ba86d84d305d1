use http::Method;
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};

use crate::{
    redact::{REDACTED, Redactor},
    trace::spans::FieldValue,
};

/// OpenTelemetry's own limit on a span's attributes.
const MOST: usize = 128;
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
        let value = match self.redactor.is_sensitive(key.as_str()) {
            true => REDACTED.to_owned(),
            false => redacted(text, self.redactor),
        };
        self.push(key, value.into());
    }

    /// A field as `tracing` recorded it.
    pub(crate) fn field(&mut self, key: &'static str, value: FieldValue<'_>) {
        match value {
            FieldValue::Text(text) => self.text(key, text),
            FieldValue::Unsigned(number) => match i64::try_from(number) {
                Ok(number) => self.known(key, number),
                // OTLP has no wider numbers.
                Err(_) => self.known(key, number.to_string()),
            },
            FieldValue::Signed(number) => match i64::try_from(number) {
                Ok(number) => self.known(key, number),
                Err(_) => self.known(key, number.to_string()),
            },
            FieldValue::Float(number) => self.known(key, number),
            FieldValue::Boolean(boolean) => self.known(key, boolean),
            FieldValue::Error(message, []) => self.text(key, message),
            FieldValue::Error(message, chain) => {
                let texts = std::iter::once(message).chain(chain.iter().map(String::as_str));
                let texts: Vec<StringValue> = texts
                    .map(|text| redacted(text, self.redactor).into())
                    .collect();
                self.known(key, Value::Array(Array::String(texts)));
            }
        }
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

/// A text as it goes out: redacted, and cut where it is very long.
pub(super) fn redacted(text: &str, redactor: &Redactor) -> String {
    let end = (0..=LONGEST_TEXT.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    redactor.text(&text[..end.unwrap_or(0)]).into_owned()
}

/// `http.request.method`: one that is known, else `_OTHER`.
pub(crate) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => "_OTHER",
    }
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
