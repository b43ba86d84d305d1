use std::{error::Error, fmt};

use tracing::field::{Field, Visit};

use crate::error::{chain, text};

/// The value of a field of a `tracing` span or event.
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

/// Hands each field that is recorded to a function.
pub(crate) struct FieldVisitor<F>(pub(crate) F);

impl<F: FnMut(&'static str, FieldValue<'_>)> Visit for FieldVisitor<F> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0(field.name(), FieldValue::Text(&format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0(field.name(), FieldValue::Text(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0(field.name(), FieldValue::Unsigned(value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0(field.name(), FieldValue::Signed(value.into()));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.0(field.name(), FieldValue::Unsigned(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.0(field.name(), FieldValue::Signed(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0(field.name(), FieldValue::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0(field.name(), FieldValue::Boolean(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.0(field.name(), FieldValue::Error(&text(value), &chain(value)));
    }
}
