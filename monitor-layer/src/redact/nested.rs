//! Strings under sensitive keys in a text that shows a nested value: as JSON, as `Debug` writes it, or as either within
//! a string of the other.

use std::ops::Range;

use super::{REDACTED, word::run_end};

/// No key, no type's name and no indentation that is looked for is longer.
const LONGEST: usize = 128;
/// As in `Some(Array [String("…")])`.
const MOST_WRAPPERS: usize = 6;

/// What stands between the quotes of the string whose key ends at the colon at `colon`, if the key is sensitive;
/// of a list of strings, what stands between its first quote and its last.
///
/// Empty ones and `[REDACTED]` are left out. A string that does not end goes to the end of the text.
pub(super) fn secret_string(
    bytes: &[u8],
    colon: usize,
    is_sensitive: impl Fn(&[u8]) -> bool,
) -> Option<Range<usize>> {
    let first = Opening::find(bytes, colon + 1)?;
    if !is_sensitive(key_before(bytes, colon)?) {
        return None;
    }
    let mut end = first.string_end(bytes);
    let mut last = first;
    while first.in_list
        && let Some(next) = last.next_in_list(bytes, end)
    {
        end = next.string_end(bytes);
        last = next;
    }
    let secret = first.content..end;
    let is_open = !secret.is_empty() && bytes[secret.clone()] != *REDACTED.as_bytes();
    is_open.then_some(secret)
}

/// Where a string begins.
#[derive(Clone, Copy)]
struct Opening {
    /// After the quote.
    content: usize,
    /// How many backslashes stand before the quote: 1 in JSON within a string.
    escapes: usize,
    in_list: bool,
}

impl Opening {
    /// The string that the value at `at` is, or that it wraps.
    fn find(bytes: &[u8], mut at: usize) -> Option<Self> {
        let mut in_list = false;
        for _ in 0..MOST_WRAPPERS {
            at = short_run_end(bytes, at, |byte| byte.is_ascii_whitespace());
            match bytes.get(at)? {
                b'"' | b'\\' => {
                    let quote = run_end(bytes, at, |byte| byte == b'\\');
                    return (bytes.get(quote) == Some(&b'"')).then_some(Self {
                        content: quote + 1,
                        escapes: quote - at,
                        in_list,
                    });
                }
                b'[' => {
                    in_list = true;
                    at += 1;
                }
                b'(' | b'&' => at += 1,
                byte if byte.is_ascii_alphabetic() => {
                    at = short_run_end(bytes, at, |byte| {
                        byte.is_ascii_alphanumeric() || byte == b'_'
                    });
                    // `String(`, `Array [`, `b"`: other words are a value themselves.
                    if !matches!(bytes[at..], [b'(' | b'"', ..] | [b' ', b'[', ..]) {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        None
    }

    /// Where the string ends: at a quote that is escaped as the first one is, or where the string around it ends.
    fn string_end(self, bytes: &[u8]) -> usize {
        let mut backslashes = 0;
        for (at, byte) in bytes.iter().enumerate().skip(self.content) {
            match byte {
                b'\\' => backslashes += 1,
                // A backslash of the string's own is doubled by each level of escapes.
                b'"' if backslashes % (2 * (self.escapes + 1)) == self.escapes => {
                    return at - self.escapes;
                }
                b'"' if backslashes < self.escapes => return at - backslashes,
                _ => backslashes = 0,
            }
        }
        bytes.len()
    }

    /// The string after the one that ends at `end`, if a comma is all that divides them.
    fn next_in_list(self, bytes: &[u8], end: usize) -> Option<Self> {
        let after = end + self.escapes + 1;
        let comma = short_run_end(bytes, after, |byte| {
            byte == b')' || byte.is_ascii_whitespace()
        });
        let next = short_run_end(bytes, comma, |byte| {
            matches!(byte, b',' | b')') || byte.is_ascii_whitespace()
        });
        (bytes.get(comma) == Some(&b','))
            .then(|| Self::find(bytes, next))
            .flatten()
    }
}

/// The key that ends before the colon: quoted, or a field's name.
fn key_before(bytes: &[u8], colon: usize) -> Option<&[u8]> {
    let near = &bytes[colon.saturating_sub(LONGEST)..colon];
    let near = near.trim_ascii_end();
    let key = match near {
        [quoted @ .., b'"'] => {
            let quoted = &quoted[..quoted.iter().rposition(|byte| *byte != b'\\')? + 1];
            &quoted[quoted.iter().rposition(|byte| *byte == b'"')? + 1..]
        }
        _ => {
            let start = near.iter().rposition(|byte| !is_in_name(*byte));
            &near[start.map_or(0, |before| before + 1)..]
        }
    };
    (!key.is_empty()).then_some(key)
}

fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || !byte.is_ascii()
}

/// As `run_end`, but no further than is looked: a text of nothing else is read once.
fn short_run_end(bytes: &[u8], at: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let near = &bytes[..bytes.len().min(at + LONGEST)];
    if at < near.len() {
        run_end(near, at, belongs)
    } else {
        bytes.len()
    }
}
