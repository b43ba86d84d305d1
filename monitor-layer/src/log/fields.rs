use std::{error::Error, fmt, time::Duration};

use super::{
    json::{LONGEST_READ, push_float, push_hex, push_integer, push_redacted, start_of},
    members::{Known, Members},
};
use crate::{
    error::{Failure, chain, text},
    redact::{REDACTED, Redactor},
    trace::SpanId,
};

/// What an entry tells beside its message, written as it is told, each key once.
pub(crate) struct Fields<'a> {
    members: &'a mut Members,
    redactor: &'a Redactor,
    known: Known,
}

impl<'a> Fields<'a> {
    pub(super) fn new(members: &'a mut Members, redactor: &'a Redactor, known: Known) -> Self {
        Self {
            members,
            redactor,
            known,
        }
    }

    pub(crate) fn string(&mut self, key: impl AsRef<str>, value: impl AsRef<str>) {
        let (key, mut text) = (key.as_ref(), value.as_ref());
        if self.redactor.is_sensitive(key) {
            text = REDACTED;
        }
        self.add(key, |json, redactor| push_string(json, text, redactor));
    }

    /// An id of the entry's own, which is no secret.
    pub(super) fn id(&mut self, key: &str, text: &str) {
        let nothing = Redactor::default();
        self.add(key, |json, _| push_string(json, text, &nothing));
    }

    pub(crate) fn number(&mut self, key: &str, value: impl itoa::Integer) {
        self.add(key, |json, _| {
            push_integer(json, value);
            true
        });
    }

    pub(super) fn float(&mut self, key: &str, value: f64) {
        self.add(key, |json, _| {
            push_float(json, value);
            true
        });
    }

    pub(super) fn boolean(&mut self, key: &str, value: bool) {
        self.add(key, |json, _| {
            json.push_str(if value { "true" } else { "false" });
            true
        });
    }

    pub(super) fn span_id(&mut self, key: &str, id: SpanId) {
        self.add(key, |json, _| {
            json.push('"');
            push_hex(json, &id.to_bytes());
            json.push('"');
            true
        });
    }

    /// Milliseconds, to the microsecond.
    pub(crate) fn milliseconds(&mut self, key: &str, duration: Duration) {
        self.float(key, duration.as_micros() as f64 / 1e3);
    }

    pub(crate) fn failure(&mut self, key: &str, failure: &Failure) {
        let type_name = Some(failure.type_name.as_str());
        self.told(key, type_name, &failure.message, &failure.chain);
    }

    pub(super) fn error(&mut self, key: &str, error: &(dyn Error + 'static)) {
        self.told(key, None, &text(error), &chain(error));
    }

    fn told(&mut self, key: &str, type_name: Option<&str>, message: &str, chain: &[String]) {
        if self.redactor.is_sensitive(key) {
            return self.string(key, REDACTED);
        }
        self.add(key, |json, redactor| {
            json.push('{');
            let mut is_whole = true;
            if let Some(type_name) = type_name {
                json.push_str("\"type\":");
                is_whole &= push_string(json, type_name, redactor);
                json.push(',');
            }
            json.push_str("\"message\":");
            is_whole &= push_string(json, message, redactor);
            json.push_str(",\"chain\":[");
            for (index, source) in chain.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                is_whole &= push_string(json, source, redactor);
            }
            json.push_str("]}");
            is_whole
        });
    }

    fn add(&mut self, key: &str, write: impl FnOnce(&mut String, &Redactor) -> bool) {
        let redactor = self.redactor;
        self.members
            .add(key, self.known, |json| write(json, redactor));
    }
}

fn push_string(json: &mut String, text: &str, redactor: &Redactor) -> bool {
    json.push('"');
    let is_whole = push_redacted(json, text, redactor);
    json.push('"');
    is_whole
}

/// Takes what a `Debug` shows, as much of it as is looked at: one without an end comes to one.
pub(super) struct Shown<'a>(pub(super) &'a mut String);

impl Shown<'_> {
    pub(super) fn show(self, value: &dyn fmt::Debug) {
        let mut shown = self;
        // Refused once it is longer than what is looked at; what an error leaves is shown as it is.
        let _ = fmt::write(&mut shown, format_args!("{value:?}"));
    }
}

impl fmt::Write for Shown<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        // A byte more than is looked at tells that there is more.
        let room = (LONGEST_READ + 4).saturating_sub(self.0.len());
        let fits = start_of(part, room);
        self.0.push_str(fits);
        if fits.len() == part.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(describe: impl FnOnce(&mut Fields<'_>)) -> String {
        let mut members = Members::default();
        let redactor = Redactor::default();
        describe(&mut Fields::new(&mut members, &redactor, Known::Stays));
        members.close(false);
        format!("{{{}}}", members.json())
    }

    #[test]
    fn numbers_are_numbers_and_what_is_no_number_is_text() {
        let json = json(|fields| {
            fields.number("whole", u64::MAX);
            fields.number("large", u128::MAX);
            fields.number("below", i128::MIN);
            fields.float("round", 3.0);
            fields.float("none", f64::NAN);
            fields.boolean("yes", true);
            fields.milliseconds("ms", Duration::from_micros(1_250));
        });
        assert_eq!(
            json,
            r#"{"whole":18446744073709551615,"large":340282366920938463463374607431768211455,"below":-170141183460469231731687303715884105728,"round":3,"none":"NaN","yes":true,"ms":1.25}"#
        );
    }

    #[test]
    fn secrets_are_redacted_by_key_and_by_looks() {
        let json = json(|fields| {
            fields.string("authToken", "abc");
            fields.number("max_tokens", 5);
            fields.number("password", 5);
            fields.string("url", "postgres://me:pw@db/x");
            fields.error("secret", &fmt::Error);
        });
        assert_eq!(
            json,
            r#"{"authToken":"[REDACTED]","max_tokens":5,"password":5,"url":"postgres://me:[REDACTED]@db/x","secret":"[REDACTED]"}"#
        );
    }

    #[test]
    fn a_debug_without_an_end_comes_to_one() {
        struct Endless;
        impl fmt::Debug for Endless {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    formatter.write_str("more ")?;
                }
            }
        }
        let mut text = String::new();
        Shown(&mut text).show(&Endless);
        let json = json(|fields| fields.string("endless", &text));
        assert!(json.ends_with(r#"","truncated":true}"#));
        assert!(json.len() < 17_000);
    }
}
