//! The entry as one JSON object, its keys in the order that is promised.

use std::fmt::Write as _;

use super::{
    Entry, Origin, Timestamp,
    fields::{ErrorValue, Value},
    level_name,
};
use crate::redact::{REDACTED, Redactor};

/// Of each string, in bytes.
const LONGEST_STRING: usize = 16 * 1024;
/// Says that a string of the entry was cut; no field of the user's may say otherwise.
const TRUNCATED: &str = "truncated";

pub(super) fn line(origin: Origin<'_>, entry: &Entry<'_>, now: Timestamp) -> String {
    let mut object = Object::new(String::with_capacity(512), origin.redactor);
    let _ = write!(object.key("timestamp"), "\"{now}\"");
    object.string("level", level_name(entry.level));
    object.redacted("message", entry.message);
    object.string("service", origin.service);
    object.string("env", origin.env);
    let identity = &entry.identity;
    if let Some(id) = identity.trace_id {
        let _ = write!(object.key("traceId"), "\"{id}\"");
    }
    if let Some(id) = identity.span_id {
        let _ = write!(object.key("spanId"), "\"{id}\"");
    }
    if let Some(user) = &identity.user {
        object.string("userId", user);
    }
    if let Some(job) = &identity.job {
        object.string("jobId", job);
    }
    let mut metadata = Object::new(String::new(), origin.redactor);
    metadata.truncated = object.truncated;
    for (key, value) in entry.fields.iter().filter(|(key, _)| *key != TRUNCATED) {
        metadata.value(key, value);
    }
    match entry.fields.iter().find(|(key, _)| *key == TRUNCATED) {
        _ if metadata.truncated => metadata.key(TRUNCATED).push_str("true"),
        Some((key, value)) => metadata.value(key, value),
        None => {}
    }
    if !metadata.empty {
        let metadata = metadata.end();
        object.key("metadata").push_str(&metadata);
    }
    object.end()
}

struct Object<'a> {
    redactor: &'a Redactor,
    text: String,
    empty: bool,
    truncated: bool,
}

impl<'a> Object<'a> {
    fn new(mut text: String, redactor: &'a Redactor) -> Self {
        text.push('{');
        Self {
            redactor,
            text,
            empty: true,
            truncated: false,
        }
    }

    fn key(&mut self, key: &str) -> &mut String {
        if !self.empty {
            self.text.push(',');
        }
        self.empty = false;
        push_string(&mut self.text, key);
        self.text.push(':');
        &mut self.text
    }

    fn string(&mut self, key: &str, value: &str) {
        let shown = shortened(value);
        self.truncated |= shown.len() < value.len();
        push_string(self.key(key), shown);
    }

    fn redacted(&mut self, key: &str, value: &str) {
        self.string(key, &self.redactor.text(value));
    }

    fn value(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(_) | Value::Error(_) if self.redactor.is_sensitive(key) => {
                self.string(key, REDACTED);
            }
            Value::String(text) => self.redacted(key, text),
            Value::Error(error) => self.error(key, error),
            Value::Float(number) if !number.is_finite() => self.string(key, &number.to_string()),
            number => {
                let _ = write!(self.key(key), "{number}");
            }
        }
    }

    fn error(&mut self, key: &str, error: &ErrorValue) {
        self.key(key);
        let mut object = Self::new(std::mem::take(&mut self.text), self.redactor);
        if let Some(type_name) = &error.type_name {
            object.string("type", type_name);
        }
        object.redacted("message", &error.message);
        object.key("chain").push('[');
        for (index, source) in error.chain.iter().enumerate() {
            if index > 0 {
                object.text.push(',');
            }
            push_string(&mut object.text, &self.redactor.text(source));
        }
        object.text.push(']');
        self.truncated |= object.truncated;
        self.text = object.end();
    }

    fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

fn shortened(text: &str) -> &str {
    if text.len() <= LONGEST_STRING {
        return text;
    }
    let end = (0..=LONGEST_STRING)
        .rev()
        .find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// RFC 8259, section 7.
fn push_string(json: &mut String, text: &str) {
    json.push('"');
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' && byte != 0x7f {
            continue;
        }
        json.push_str(&text[copied..at]);
        copied = at + 1;
        match byte {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\n' => json.push_str("\\n"),
            b'\r' => json.push_str("\\r"),
            b'\t' => json.push_str("\\t"),
            other => {
                let _ = write!(json, "\\u{other:04x}");
            }
        }
    }
    json.push_str(&text[copied..]);
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut json = String::new();
        push_string(&mut json, text);
        json
    }

    #[test]
    fn any_text_is_one_json_string_on_one_line() {
        let every: String = (0..0x2100).filter_map(char::from_u32).collect();
        let json = written(&every);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), every);
        assert!(!json.contains(char::is_control) || json.chars().all(|c| !c.is_ascii_control()));
        assert_eq!(written("a\"b\\c\n\u{1b}[31m"), r#""a\"b\\c\n\u001b[31m""#);
    }

    #[test]
    fn numbers_are_numbers_and_what_is_no_number_is_text() {
        let redactor = Redactor::default();
        let mut object = Object::new(String::new(), &redactor);
        object.value("whole", &Value::Unsigned(u64::MAX.into()));
        object.value("part", &Value::Float(2.5));
        object.value("round", &Value::Float(3.0));
        object.value("none", &Value::Float(f64::NAN));
        object.value("endless", &Value::Float(f64::NEG_INFINITY));
        object.value("yes", &Value::Boolean(true));
        assert_eq!(
            object.end(),
            r#"{"whole":18446744073709551615,"part":2.5,"round":3,"none":"NaN","endless":"-inf","yes":true}"#
        );
    }

    #[test]
    fn secrets_are_redacted_by_key_and_by_looks() {
        let redactor = Redactor::default();
        let mut object = Object::new(String::new(), &redactor);
        object.value("authToken", &Value::String("abc".to_owned()));
        object.value("max_tokens", &Value::Unsigned(5));
        object.value("password", &Value::Unsigned(5));
        object.value("url", &Value::String("postgres://me:pw@db/x".to_owned()));
        assert_eq!(
            object.end(),
            r#"{"authToken":"[REDACTED]","max_tokens":5,"password":5,"url":"postgres://me:[REDACTED]@db/x"}"#
        );
    }

    #[test]
    fn a_long_string_is_cut_between_characters_and_says_so() {
        let redactor = Redactor::default();
        let mut object = Object::new(String::new(), &redactor);
        object.value(
            "text",
            &Value::String(format!("x{}", "é".repeat(LONGEST_STRING))),
        );
        assert!(object.truncated);
        assert!(object.end().len() < LONGEST_STRING + 20);
    }
}
