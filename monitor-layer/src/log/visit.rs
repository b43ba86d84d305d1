use std::{error::Error, fmt};

use tracing::field::{Field, Visit};

use super::{
    fields::{Fields, Shown},
    ids,
};

/// Writes fields as they are recorded.
pub(super) struct Visitor<'a> {
    fields: Fields<'a>,
    shown: &'a mut String,
    /// A span has none: a field of that name is one like others.
    message: Option<&'a mut String>,
}

impl<'a> Visitor<'a> {
    pub(super) fn of_event(
        fields: Fields<'a>,
        shown: &'a mut String,
        message: &'a mut String,
    ) -> Self {
        Self {
            fields,
            shown,
            message: Some(message),
        }
    }

    pub(super) fn of_span(fields: Fields<'a>, shown: &'a mut String) -> Self {
        Self {
            fields,
            shown,
            message: None,
        }
    }
}

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if let Some(message) = self.message.as_deref_mut().filter(|_| is_message(field)) {
            message.clear();
            Shown(message).show(value);
            return;
        }
        self.shown.clear();
        Shown(self.shown).show(value);
        match field.name() {
            id @ (ids::USER | ids::JOB) => self.fields.id(id, self.shown),
            name => self.fields.string(name, &*self.shown),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match (&mut self.message, field.name()) {
            (Some(message), "message") => {
                message.clear();
                message.push_str(value);
            }
            (_, id @ (ids::USER | ids::JOB)) => self.fields.id(id, value),
            (_, name) => self.fields.string(name, value),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.number(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.number(field.name(), value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.fields.number(field.name(), value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.fields.number(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.float(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.boolean(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.fields.error(field.name(), value);
    }
}

fn is_message(field: &Field) -> bool {
    field.name() == "message"
}
