//! The entry as a person reads it, on a terminal.

use std::fmt::Write as _;

use super::{Entry, Origin, Timestamp, fields::Value, level_name};
use crate::redact::REDACTED;

pub(super) fn line(origin: Origin<'_>, entry: &Entry<'_>, now: Timestamp) -> String {
    let color = match level_name(entry.level) {
        "error" => 31,
        "warn" => 33,
        "info" => 32,
        _ => 34,
    };
    let mut line = format!(
        "\x1b[2m{}\x1b[0m \x1b[{color}m{:5}\x1b[0m ",
        now.clock(),
        level_name(entry.level)
    );
    push_escaped(&mut line, origin.service);
    line.push_str(" \x1b[1m");
    push_escaped(&mut line, &origin.redactor.text(entry.message));
    line.push_str("\x1b[0m");
    let identity = &entry.identity;
    let ids = [("user", &identity.user), ("job", &identity.job)];
    for (key, id) in ids {
        if let Some(id) = id {
            push_field(&mut line, key, id);
        }
    }
    for (key, value) in entry.fields.iter() {
        let text = value.to_string();
        match value {
            Value::String(_) | Value::Error(_) if origin.redactor.is_sensitive(key) => {
                push_field(&mut line, key, REDACTED);
            }
            _ => push_field(&mut line, key, &origin.redactor.text(&text)),
        }
    }
    if let Some(id) = identity.trace_id {
        let _ = write!(line, " \x1b[2mtrace={id}\x1b[0m");
    }
    line
}

fn push_field(line: &mut String, key: &str, value: &str) {
    line.push_str(" \x1b[2m");
    push_escaped(line, key);
    line.push_str("=\x1b[0m");
    push_escaped(line, value);
}

/// Control characters would let a log entry move the cursor or retitle the terminal.
fn push_escaped(line: &mut String, text: &str) {
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        let mut line = String::new();
        push_escaped(&mut line, "a\x1b]0;title\x07\n\u{9b}ü");
        assert_eq!(line, "a\\u{1b}]0;title\\u{7}\\n\\u{9b}ü");
    }
}
