use std::{error::Error, fmt, mem};

use tracing::{
    Metadata,
    field::{Field, Visit},
};

use super::{
    ids::Ids,
    json::{push_float, push_integer},
    key::{CallSites, Key, Role},
    members::Members,
    value::{Shown, push_boolean, push_error, push_string},
};
use crate::{
    error::{chain, text},
    redact::{REDACTED, Redactor},
};

/// Writes fields of `tracing` as they are recorded, the last of a name in place of those before.
pub(super) struct Visitor<'a> {
    pub(super) members: &'a mut Members,
    pub(super) ids: &'a mut Ids,
    pub(super) shown: &'a mut String,
    /// A span has none: a field of that name is one like others.
    pub(super) message: Option<&'a mut String>,
    pub(super) keys: Keys<'a>,
}

/// The keys of one call site.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    known: &'a [Key],
    redactor: &'a Redactor,
}

impl<'a> Keys<'a> {
    pub(super) fn of(
        metadata: &'static Metadata<'static>,
        call_sites: &'a mut CallSites,
        redactor: &'a Redactor,
    ) -> Self {
        Self {
            known: call_sites.keys(metadata, redactor),
            redactor,
        }
    }

    /// There is one for each: what is recorded are fields of the call site that the keys are of.
    #[inline]
    fn of_field(self, field: &Field) -> Option<&'a Key> {
        self.known.get(field.index())
    }
}

impl Visitor<'_> {
    #[inline]
    fn add(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>, &Redactor) -> bool) {
        let redactor = self.keys.redactor;
        let Some(key) = self.keys.of_field(field) else {
            return;
        };
        let write = |json: &mut Vec<u8>| write(json, redactor);
        let id = match key.role {
            Role::Message | Role::Member => return self.members.set(key, write),
            Role::User => &mut self.ids.user,
            Role::Job => &mut self.ids.job,
        };
        self.members
            .aside(write, |told| Ids::set(id, &String::from_utf8_lossy(told)));
    }

    #[inline]
    fn add_text(&mut self, field: &Field, text: &str) {
        let redactor = self.keys.redactor;
        let Some(key) = self.keys.of_field(field) else {
            return;
        };
        let id = match (key.role, &mut self.message) {
            (Role::Message, Some(message)) => {
                message.clear();
                message.push_str(text);
                return;
            }
            (Role::Message | Role::Member, _) => {
                let text = if key.is_sensitive { REDACTED } else { text };
                return self
                    .members
                    .set(key, |json| push_string(json, text, redactor));
            }
            (Role::User, _) => &mut self.ids.user,
            (Role::Job, _) => &mut self.ids.job,
        };
        if !Ids::set(id, text) {
            self.members.cut();
        }
    }
}

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if let Some(message) = &mut self.message
            && field.name() == "message"
        {
            message.clear();
            return Shown(message).show(value);
        }
        let mut shown = mem::take(self.shown);
        shown.clear();
        Shown(&mut shown).show(value);
        self.add_text(field, &shown);
        *self.shown = shown;
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add_text(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, |json, _| {
            push_integer(json, value);
            true
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, |json, _| {
            push_integer(json, value);
            true
        });
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, |json, _| {
            push_integer(json, value);
            true
        });
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add(field, |json, _| {
            push_integer(json, value);
            true
        });
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, |json, _| {
            push_float(json, value);
            true
        });
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, |json, _| {
            push_boolean(json, value);
            true
        });
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let key = self.keys.of_field(field);
        if key.is_some_and(|key| key.is_sensitive) {
            return self.add_text(field, REDACTED);
        }
        let (message, chain) = (text(value), chain(value));
        self.add(field, |json, redactor| {
            push_error(json, None, &message, &chain, redactor)
        });
    }
}
