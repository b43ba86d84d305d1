//! Strings and numbers as RFC 8259 writes them.

use std::fmt::Write as _;

use crate::redact::Redactor;

/// Of each string, in bytes as written.
pub(super) const LONGEST_STRING: usize = 16 * 1024;
/// Of a text, so much is looked at: a secret that begins within what is written is known as one.
pub(super) const LONGEST_READ: usize = 2 * LONGEST_STRING;

/// Writes what stands between a string's quotes, `[REDACTED]` in its secrets' places; `false` where it was cut.
pub(super) fn push_redacted(json: &mut String, text: &str, redactor: &Redactor) -> bool {
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
pub(super) fn push_escaped(json: &mut String, text: &str, limit: usize) -> bool {
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
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\n' => json.push_str("\\n"),
            b'\r' => json.push_str("\\r"),
            b'\t' => json.push_str("\\t"),
            other => {
                let _ = write!(json, "\\u{other:04x}");
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

fn push_within(json: &mut String, text: &str, limit: usize) -> bool {
    let fits = start_of(text, limit.saturating_sub(json.len()));
    json.push_str(fits);
    fits.len() == text.len()
}

/// As much of a text as `longest` bytes hold.
pub(super) fn start_of(text: &str, longest: usize) -> &str {
    if text.len() <= longest {
        return text;
    }
    let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

pub(super) fn push_integer(json: &mut String, number: impl itoa::Integer) {
    json.push_str(itoa::Buffer::new().format(number));
}

/// What is no number is a string.
pub(super) fn push_float(json: &mut String, number: f64) {
    /// Up to here, three decimals are told apart from all others.
    const MOST_THOUSANDTHS: f64 = 1e15;

    let thousandths = (number * 1e3).round();
    let magnitude = number.abs();
    let _ = if !number.is_finite() {
        write!(json, "\"{number}\"")
    } else if thousandths.abs() < MOST_THOUSANDTHS && thousandths / 1e3 == number {
        push_thousandths(json, number.is_sign_negative(), thousandths.abs() as u64);
        Ok(())
    } else if (1e-7..1e21).contains(&magnitude) {
        write!(json, "{number}")
    } else {
        write!(json, "{number:e}")
    };
}

/// As the shortest decimal that reads as the same float: most of what is logged, at a fraction of the cost.
fn push_thousandths(json: &mut String, is_negative: bool, thousandths: u64) {
    if is_negative {
        json.push('-');
    }
    push_integer(json, thousandths / 1000);
    let decimals = thousandths % 1000;
    if decimals != 0 {
        let digits = [decimals / 100, decimals / 10 % 10, decimals % 10];
        let last = digits.iter().rposition(|digit| *digit != 0).unwrap_or(0);
        json.push('.');
        for digit in &digits[..=last] {
            json.push(char::from(b'0' + *digit as u8));
        }
    }
}

pub(super) fn push_hex(json: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";

    for byte in bytes {
        json.push(char::from(DIGITS[usize::from(byte >> 4)]));
        json.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str, limit: usize) -> (String, bool) {
        let mut json = String::new();
        let fits = push_escaped(&mut json, text, limit);
        (json, fits)
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
        let mut json = String::new();
        assert!(!push_redacted(&mut json, &text, &Redactor::default()));
        assert!(
            json.ends_with(" db://u:[REDA"),
            "{}",
            &json[json.len() - 20..]
        );
    }

    #[test]
    fn a_float_reads_as_it_was_and_what_is_no_number_is_text() {
        let written = |number: f64| {
            let mut json = String::new();
            push_float(&mut json, number);
            json
        };
        for (number, expected) in [
            (2.5, "2.5"),
            (3.0, "3"),
            (-0.125, "-0.125"),
            (12.34, "12.34"),
            (0.001, "0.001"),
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
                _ => (bits % 10_000_000_000) as f64 / 1e3,
            };
            if number.is_finite() {
                let read: f64 = written(number).parse().unwrap();
                assert_eq!(read.to_bits(), number.to_bits(), "{number:e}");
                assert!(written(number).parse::<serde_json::Number>().is_ok());
            }
        }
    }
}
