//! Strings and numbers as RFC 8259 writes them.

use std::io::Write as _;

use crate::redact::{Redactor, Scan};

/// Of each string, in bytes as written.
pub(super) const LONGEST_STRING: usize = 16 * 1024;
/// Of a text, so much is looked at: a secret that begins within what is written is known as one.
pub(crate) const LONGEST_READ: usize = 2 * LONGEST_STRING;

/// Writes what stands between a string's quotes, `[REDACTED]` in its secrets' places; `false` where it was cut.
#[inline]
pub(super) fn push_redacted(json: &mut Vec<u8>, text: &str, redactor: &Redactor) -> bool {
    let scan = Scan::of(text);
    if text.len() <= LONGEST_STRING && !scan.is_escaped() && !redactor.may_find(&scan) {
        json.extend_from_slice(text.as_bytes());
        return true;
    }
    push_looked_at(json, text, redactor)
}

fn push_looked_at(json: &mut Vec<u8>, text: &str, redactor: &Redactor) -> bool {
    let limit = json.len() + LONGEST_STRING;
    let read = start_of(text, LONGEST_READ);
    let mut fits = read.len() == text.len();
    redactor.parts(read, |part| {
        let fitted = push_escaped(json, part, limit);
        fits &= fitted;
        fitted
    });
    fits
}

/// Writes what stands between a string's quotes, until the whole is as long as `limit`; `false` where it was cut.
#[inline]
pub(super) fn push_escaped(json: &mut Vec<u8>, text: &str, limit: usize) -> bool {
    if !Scan::of(text).is_escaped() {
        return push_within(json, text, limit);
    }
    push_with_escapes(json, text, limit)
}

fn push_with_escapes(json: &mut Vec<u8>, text: &str, limit: usize) -> bool {
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !IS_ESCAPED[usize::from(byte)] {
            continue;
        }
        if !push_within(json, &text[copied..at], limit) {
            return false;
        }
        copied = at + 1;
        let before = json.len();
        match byte {
            b'"' => json.extend_from_slice(b"\\\""),
            b'\\' => json.extend_from_slice(b"\\\\"),
            b'\n' => json.extend_from_slice(b"\\n"),
            b'\r' => json.extend_from_slice(b"\\r"),
            b'\t' => json.extend_from_slice(b"\\t"),
            other => {
                json.extend_from_slice(b"\\u00");
                json.extend_from_slice(&[hex_digit(other >> 4), hex_digit(other & 15)]);
            }
        }
        if json.len() > limit {
            json.truncate(before);
            return false;
        }
    }
    push_within(json, &text[copied..], limit)
}

/// Section 7, and the one control character that it lets through.
const IS_ESCAPED: [bool; 256] = {
    let mut table = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = true;
        control += 1;
    }
    table[0x7f] = true;
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

fn push_within(json: &mut Vec<u8>, text: &str, limit: usize) -> bool {
    let fits = start_of(text, limit.saturating_sub(json.len()));
    json.extend_from_slice(fits.as_bytes());
    fits.len() == text.len()
}

/// As much of a text as `longest` bytes hold.
pub(crate) fn start_of(text: &str, longest: usize) -> &str {
    if text.len() <= longest {
        return text;
    }
    let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

pub(super) fn push_integer(json: &mut Vec<u8>, number: impl itoa::Integer) {
    json.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// What is no number is a string.
pub(super) fn push_float(json: &mut Vec<u8>, number: f64) {
    /// Two decimals of up to 15 digits are never the same float (IEEE 754 double precision).
    const MOST_MILLIONTHS: u64 = 1_000_000_000_000_000;

    let magnitude = number.abs();
    let millionths = (magnitude * 1e6 + 0.5) as u64;
    if millionths < MOST_MILLIONTHS && millionths as f64 / 1e6 == magnitude {
        return push_millionths(json, number.is_sign_negative(), millionths);
    }
    let _ = if !number.is_finite() {
        write!(json, "\"{number}\"")
    } else if (1e-7..1e21).contains(&magnitude) {
        write!(json, "{number}")
    } else {
        write!(json, "{number:e}")
    };
}

/// As the shortest decimal that reads as the same float: most of what is logged, at a fraction of the cost.
fn push_millionths(json: &mut Vec<u8>, is_negative: bool, millionths: u64) {
    /// What tells a digit from its number.
    const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);

    if is_negative {
        json.push(b'-');
    }
    push_integer(json, millionths / 1_000_000);
    let decimals = (millionths % 1_000_000) as u32;
    if decimals != 0 {
        let (high, low) = (decimals / 1000, decimals % 1000);
        let digit = |number: u32, place| (number / place % 10) as u8;
        let digits = u64::from_be_bytes([
            b'.' ^ b'0',
            digit(high, 100),
            digit(high, 10),
            digit(high, 1),
            digit(low, 100),
            digit(low, 10),
            digit(low, 1),
            0,
        ]);
        // The zeros at the end, the last byte among them.
        let zeros = digits.trailing_zeros() / 8;
        let start = json.len();
        json.extend_from_slice(&(digits ^ ZEROS).to_be_bytes());
        json.truncate(start + 8 - zeros as usize);
    }
}

const fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' - 10 + nibble,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str, limit: usize) -> (String, bool) {
        let mut json = Vec::new();
        let fits = push_escaped(&mut json, text, limit);
        (String::from_utf8(json).unwrap(), fits)
    }

    #[test]
    fn any_text_is_one_json_string_on_one_line() {
        let every: String = (0..0x2100).filter_map(char::from_u32).collect();
        let (json, fits) = escaped(&every, usize::MAX);
        assert!(fits);
        let read: String = serde_json::from_str(&format!("\"{json}\"")).unwrap();
        assert_eq!(read, every);
        assert!(json.chars().all(|c| !c.is_ascii_control()));
        let (json, _) = escaped("a\"b\\c\n\u{1b}[31m", usize::MAX);
        assert_eq!(json, r#"a\"b\\c\n\u001b[31m"#);
    }

    #[test]
    fn a_text_is_cut_between_characters_and_escapes_wherever_the_limit_is() {
        let text = "aé\u{1}\"日\n".repeat(3);
        for limit in 0..60 {
            let (json, fits) = escaped(&text, limit);
            assert!(json.len() <= limit);
            let read: String = serde_json::from_str(&format!("\"{json}\"")).unwrap();
            assert!(text.starts_with(&read));
            assert_eq!(fits, read == text);
        }
    }

    #[test]
    fn a_secret_at_the_limit_is_not_half_told() {
        let text = format!("{}db://u:hunter2@h", "x ".repeat(LONGEST_STRING / 2 - 6));
        let mut json = Vec::new();
        assert!(!push_redacted(&mut json, &text, &Redactor::default()));
        assert!(
            json.ends_with(b" db://u:[REDA"),
            "{:?}",
            json[json.len() - 20..].escape_ascii()
        );
    }

    #[test]
    fn a_float_reads_as_it_was_and_what_is_no_number_is_text() {
        let written = |number: f64| {
            let mut json = Vec::new();
            push_float(&mut json, number);
            String::from_utf8(json).unwrap()
        };
        for (number, expected) in [
            (2.5, "2.5"),
            (3.0, "3"),
            (-0.125, "-0.125"),
            (12.34, "12.34"),
            (0.001, "0.001"),
            (1.234567, "1.234567"),
            (0.000001, "0.000001"),
            (1e8, "100000000"),
            (-0.0, "-0"),
            (1e300, "1e300"),
            (-1e-300, "-1e-300"),
            (f64::NAN, "\"NaN\""),
            (f64::NEG_INFINITY, "\"-inf\""),
        ] {
            assert_eq!(written(number), expected);
        }
        let mut bits: u64 = 42;
        for step in 0..100_000 {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            let number = match step % 2 {
                0 => f64::from_bits(bits),
                _ => (bits % 10_000_000_000_000) as f64 / 1e6,
            };
            if number.is_finite() {
                let read: f64 = written(number).parse().unwrap();
                assert_eq!(read.to_bits(), number.to_bits(), "{number:e}");
                assert!(written(number).parse::<serde_json::Number>().is_ok());
            }
        }
    }
}
