//! The entry as a person reads it, on a terminal.

use std::fmt::Write as _;

use super::{Entry, Message, Timestamp, level_name};

pub(super) fn write(written: &mut Vec<u8>, entry: &Entry<'_>, now: Timestamp) {
    let line = &mut String::new();
    let color = match level_name(entry.level) {
        "error" => 31,
        "warn" => 33,
        "info" => 32,
        _ => 34,
    };
    let _ = write!(
        line,
        "\x1b[2m{}\x1b[0m \x1b[{color}m{:5}\x1b[0m ",
        now.clock(),
        level_name(entry.level)
    );
    push_escaped(line, &entry.origin.service);
    line.push_str(" \x1b[1m");
    let (Message::Own(message) | Message::Any(message)) = entry.message;
    push_escaped(line, &entry.redactor.text(message));
    line.push_str("\x1b[0m");
    let identity = entry.identity;
    for (key, told, known) in [
        ("user", &entry.ids.user, &identity.user),
        ("job", &entry.ids.job, &identity.job),
    ] {
        match known {
            _ if !told.is_empty() => push_field(line, key, &String::from_utf8_lossy(told)),
            Some(id) => push_field(line, key, id),
            None => {}
        }
    }
    for (key, value) in entry.members.iter() {
        let [key, value] = [key, value].map(String::from_utf8_lossy);
        push_field(line, &key, unquoted(&value));
    }
    if let Some(span) = &identity.span {
        let _ = write!(line, " \x1b[2mtrace={}\x1b[0m", span.trace);
    }
    written.extend_from_slice(line.as_bytes());
}

fn push_field(line: &mut String, key: &str, value: &str) {
    line.push_str(" \x1b[2m");
    push_escaped(line, key);
    line.push_str("=\x1b[0m");
    push_escaped(line, value);
}

/// A string without an escape needs no quotes to be read.
fn unquoted(json: &str) -> &str {
    json.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|text| !text.contains('\\'))
        .unwrap_or(json)
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

    #[test]
    fn a_value_is_shown_as_it_is_where_that_can_be_read() {
        for (json, shown) in [
            (r#""plain text""#, "plain text"),
            (r#""two\nlines""#, r#""two\nlines""#),
            ("42", "42"),
            (r#"{"message":"x"}"#, r#"{"message":"x"}"#),
        ] {
            assert_eq!(unquoted(json), shown);
        }
    }
}
