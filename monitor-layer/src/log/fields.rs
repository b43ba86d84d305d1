use std::time::Duration;

use http::Method;

use super::{
    Ids, Key,
    json::{push_float, push_integer},
    key::CallSites,
    members::Members,
    value::{push_error, push_string},
    visit::{Keys, Visitor},
};
use crate::{
    error::Failure,
    metrics::known_method,
    redact::{REDACTED, Redactor},
    step::StepFields,
    trace::SpanId,
};

/// What an entry of the monitor's own tells beside its message, written as it is told, each key once.
pub(crate) struct Fields<'a> {
    members: &'a mut Members,
    redactor: &'a Redactor,
    /// For fields of the user's, which lines about steps have.
    of_user: Option<OfUser<'a>>,
}

/// What fields of the user's are read with: they may name the user or the job, and their keys are known by call site.
pub(super) struct OfUser<'a> {
    pub(super) ids: &'a mut Ids,
    pub(super) shown: &'a mut String,
    pub(super) call_sites: &'a mut CallSites,
}

impl<'a> Fields<'a> {
    pub(super) fn new(members: &'a mut Members, redactor: &'a Redactor) -> Self {
        Self {
            members,
            redactor,
            of_user: None,
        }
    }

    pub(super) fn with(
        members: &'a mut Members,
        redactor: &'a Redactor,
        of_user: OfUser<'a>,
    ) -> Self {
        Self {
            members,
            redactor,
            of_user: Some(of_user),
        }
    }

    /// Those that a step records.
    pub(crate) fn of_step(&mut self, fields: Option<&StepFields>) {
        let (Some(fields), Some(of_user)) = (fields, &mut self.of_user) else {
            return;
        };
        fields.visit(&mut Visitor {
            members: self.members,
            ids: of_user.ids,
            shown: of_user.shown,
            message: None,
            keys: Keys::of(fields.metadata(), of_user.call_sites, self.redactor),
        });
    }

    pub(crate) fn string(&mut self, key: &Key, value: impl AsRef<str>) {
        let value = value.as_ref();
        self.add_unless_sensitive(key, |json, redactor| push_string(json, value, redactor));
    }

    /// A text of the monitor's own: it has no secret in it, and nothing to be escaped.
    pub(crate) fn known(&mut self, key: &Key, value: &'static str) {
        self.add_unless_sensitive(key, |json, _| {
            json.push(b'"');
            json.extend_from_slice(value.as_bytes());
            json.push(b'"');
            true
        });
    }

    /// Of a request: one that clients invent may be anything.
    pub(crate) fn method(&mut self, method: &Method) {
        match known_method(method) {
            Some(known) => self.known(Key::METHOD, known),
            None => self.string(Key::METHOD, method.as_str()),
        }
    }

    pub(crate) fn number(&mut self, key: &Key, value: impl itoa::Integer) {
        self.members.set(key, |json| {
            push_integer(json, value);
            true
        });
    }

    pub(super) fn float(&mut self, key: &Key, value: f64) {
        self.members.set(key, |json| {
            push_float(json, value);
            true
        });
    }

    /// Milliseconds, to the microsecond.
    pub(crate) fn milliseconds(&mut self, key: &Key, duration: Duration) {
        self.float(key, duration.as_micros() as f64 / 1e3);
    }

    pub(super) fn span_id(&mut self, key: &Key, id: SpanId) {
        self.members.set(key, |json| {
            json.push(b'"');
            json.extend_from_slice(&id.to_hex());
            json.push(b'"');
            true
        });
    }

    pub(crate) fn failure(&mut self, key: &Key, failure: &Failure) {
        self.add_unless_sensitive(key, |json, redactor| {
            let Failure {
                type_name,
                message,
                chain,
                ..
            } = failure;
            push_error(json, Some(type_name), message, chain, redactor)
        });
    }

    /// One of the user's, unless its key is there.
    pub(super) fn tag(&mut self, key: &str, value: &str) {
        let redactor = self.redactor;
        let value = match redactor.is_sensitive(key) {
            true => REDACTED,
            false => value,
        };
        self.members
            .add(key, |json| push_string(json, value, redactor));
    }

    fn add_unless_sensitive(
        &mut self,
        key: &Key,
        write: impl FnOnce(&mut Vec<u8>, &Redactor) -> bool,
    ) {
        let redactor = self.redactor;
        self.members.set(key, |json| {
            if redactor.is_sensitive_to_user(key.name()) {
                push_string(json, REDACTED, redactor)
            } else {
                write(json, redactor)
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Word;

    fn json(redactor: &Redactor, describe: impl FnOnce(&mut Fields<'_>)) -> String {
        let mut members = Members::default();
        describe(&mut Fields::new(&mut members, redactor));
        members.close(false);
        format!("{{{}}}", str::from_utf8(members.json()).unwrap())
    }

    #[test]
    fn values_are_written_as_what_they_are_and_without_secrets() {
        let json = json(&Redactor::default(), |fields| {
            fields.number(Key::STATUS, u64::MAX);
            fields.milliseconds(Key::DURATION_MS, Duration::from_micros(1_250));
            fields.method(&Method::from_bytes(b"BREW").unwrap());
            fields.known(Key::OUTCOME, "completed");
            fields.string(Key::PATH, "postgres://me:pw@db/\"x\"");
            fields.tag("authToken", "abc");
            fields.tag("max_tokens", "5");
            fields.tag("status", "mine");
        });
        assert_eq!(
            json,
            r#"{"status":18446744073709551615,"durationMs":1.25,"method":"BREW","outcome":"completed","path":"postgres://me:[REDACTED]@db/\"x\"","authToken":"[REDACTED]","max_tokens":"5"}"#
        );
    }

    #[test]
    fn a_word_of_the_user_s_keeps_out_what_the_monitor_would_tell() {
        let mut redactor = Redactor::default();
        redactor.add_word(Word::new("path").unwrap());
        let json = json(&redactor, |fields| {
            fields.string(Key::PATH, "/people/17");
            fields.known(Key::OUTCOME, "completed");
        });
        assert_eq!(json, r#"{"path":"[REDACTED]","outcome":"completed"}"#);
    }
}
