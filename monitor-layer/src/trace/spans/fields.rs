use std::{error::Error, fmt, fmt::Write as _, ops::Range};

use tracing::field::{Field, Visit};

use crate::error::{chain, text};

/// The most text that a place keeps room for once its span is over.
const KEPT_TEXT: usize = 4 * 1024;

/// The fields of a span, each key once, as they were recorded: read in one go, and used again for the next span without
/// new memory.
#[derive(Default)]
pub(crate) struct SpanFields {
    entries: Vec<Entry>,
    /// What was formatted, one value after the other.
    text: String,
}

struct Entry {
    name: &'static str,
    value: Stored,
}

enum Stored {
    Text(Range<usize>),
    Unsigned(u128),
    Signed(i128),
    Float(f64),
    Boolean(bool),
    Error(Box<StoredError>),
}

struct StoredError {
    message: String,
    chain: Vec<String>,
}

/// The value of a span's field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FieldValue<'a> {
    Text(&'a str),
    Unsigned(u128),
    Signed(i128),
    Float(f64),
    Boolean(bool),
    /// Its text, and those of its sources.
    Error(&'a str, &'a [String]),
}

impl SpanFields {
    /// In the order in which they were first recorded.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, FieldValue<'_>)> {
        self.entries.iter().map(|entry| {
            let value = match &entry.value {
                Stored::Text(range) => FieldValue::Text(&self.text[range.clone()]),
                Stored::Unsigned(number) => FieldValue::Unsigned(*number),
                Stored::Signed(number) => FieldValue::Signed(*number),
                Stored::Float(number) => FieldValue::Float(*number),
                Stored::Boolean(boolean) => FieldValue::Boolean(*boolean),
                Stored::Error(error) => FieldValue::Error(&error.message, &error.chain),
            };
            (entry.name, value)
        })
    }

    /// Takes over what was recorded anew.
    pub(super) fn replace_all(&mut self, newer: &mut Self) {
        for entry in newer.entries.drain(..) {
            match entry.value {
                Stored::Text(range) => {
                    let start = self.text.len();
                    self.text.push_str(&newer.text[range]);
                    self.replace(entry.name, Stored::Text(start..self.text.len()));
                }
                value => self.replace(entry.name, value),
            }
        }
        newer.text.clear();
    }

    /// Empties it, and keeps its memory as far as the next span is likely to need it.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.text.clear();
        self.text.shrink_to(KEPT_TEXT);
    }

    fn replace(&mut self, name: &'static str, value: Stored) {
        let Some(known) = self.entries.iter().position(|entry| entry.name == name) else {
            self.entries.push(Entry { name, value });
            return;
        };
        let older = std::mem::replace(&mut self.entries[known].value, value);
        if let Stored::Text(gone) = older {
            self.cut(&gone);
        }
    }

    /// A field that is recorded again and again in a span that lives long does not pile up.
    fn cut(&mut self, gone: &Range<usize>) {
        self.text.replace_range(gone.clone(), "");
        for entry in &mut self.entries {
            if let Stored::Text(range) = &mut entry.value
                && range.start >= gone.end
            {
                *range = range.start - gone.len()..range.end - gone.len();
            }
        }
    }

    fn formatted(&mut self, field: &Field, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        self.replace(field.name(), Stored::Text(start..self.text.len()));
    }
}

impl Visit for SpanFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.formatted(field, |text| {
            // A `Debug` that gives up leaves what it has said so far.
            let _ = write!(text, "{value:?}");
        });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.formatted(field, |text| text.push_str(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.replace(field.name(), Stored::Unsigned(value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.replace(field.name(), Stored::Signed(value.into()));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.replace(field.name(), Stored::Unsigned(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.replace(field.name(), Stored::Signed(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.replace(field.name(), Stored::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.replace(field.name(), Stored::Boolean(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let error = StoredError {
            message: text(value),
            chain: chain(value),
        };
        self.replace(field.name(), Stored::Error(Box::new(error)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(fields: &mut SpanFields, name: &'static str, value: &str) {
        let start = fields.text.len();
        fields.text.push_str(value);
        fields.replace(name, Stored::Text(start..fields.text.len()));
    }

    #[test]
    fn a_field_that_is_recorded_again_has_its_last_value_and_takes_no_more_room() {
        let mut fields = SpanFields::default();
        put(&mut fields, "a", "one");
        put(&mut fields, "b", "two");
        for length in 1..50 {
            put(&mut fields, "a", &"x".repeat(length));
        }
        let all: Vec<_> = fields.iter().collect();
        let long = "x".repeat(49);
        assert_eq!(
            all,
            [
                ("a", FieldValue::Text(&long)),
                ("b", FieldValue::Text("two"))
            ]
        );
        assert_eq!(fields.text.len(), 52);
    }

    #[test]
    fn what_is_taken_over_leaves_nothing_behind() {
        let (mut fields, mut newer) = (SpanFields::default(), SpanFields::default());
        put(&mut fields, "a", "one");
        fields.replace("n", Stored::Unsigned(1));
        put(&mut newer, "b", "two");
        put(&mut newer, "a", "three");
        newer.replace("n", Stored::Boolean(true));
        fields.replace_all(&mut newer);
        let all: Vec<_> = fields.iter().collect();
        assert_eq!(
            all,
            [
                ("a", FieldValue::Text("three")),
                ("n", FieldValue::Boolean(true)),
                ("b", FieldValue::Text("two")),
            ]
        );
        assert!(newer.entries.is_empty() && newer.text.is_empty());
    }
}
