use std::ops::Range;

use super::word::{is_word_start, run_end};

/// ISO/IEC 7812-1 allows 19 digits; no issuer below gives fewer than 13.
const FEWEST_DIGITS: usize = 13;
const MOST_DIGITS: usize = 19;

/// The card number that begins with the digit at `start`, if any, and where to go on where there is none.
///
/// Groups of digits may be divided by single spaces or hyphens; all but the last have two digits or more, or every
/// list of small numbers would be a candidate. Of several possible ends the last is taken.
pub(super) fn card_number(bytes: &[u8], start: usize) -> (Option<Range<usize>>, usize) {
    let first_group_end = run_end(bytes, start, |byte| byte.is_ascii_digit());
    let goes_on = matches!(bytes.get(first_group_end), Some(b' ' | b'-'));
    if !goes_on && first_group_end - start < FEWEST_DIGITS {
        return (None, first_group_end);
    }
    if let Some(past) = percent_escape_end(bytes, start) {
        return (None, past);
    }
    let may_begin = matches!(bytes[start], b'2'..=b'6')
        && is_word_start(bytes, start)
        && !is_fraction(bytes, start);
    let number = may_begin.then(|| longest(bytes, start, first_group_end));
    (number.flatten(), first_group_end)
}

fn longest(bytes: &[u8], start: usize, first_group_end: usize) -> Option<Range<usize>> {
    let mut digits = [0; MOST_DIGITS];
    let mut count = 0;
    let mut group = start..first_group_end;
    let mut found = None;
    while count + group.len() <= MOST_DIGITS {
        for &byte in &bytes[group.clone()] {
            digits[count] = byte - b'0';
            count += 1;
        }
        let number = start..group.end;
        if ends(bytes, group.end)
            && is_card_number(&digits[..count])
            && !overlaps_uuid(bytes, &number)
        {
            found = Some(number);
        }
        let goes_on = matches!(bytes.get(group.end), Some(b' ' | b'-'))
            && bytes.get(group.end + 1).is_some_and(u8::is_ascii_digit);
        if group.len() < 2 || !goes_on {
            break;
        }
        let next = group.end + 1;
        group = next..run_end(bytes, next, |byte| byte.is_ascii_digit());
    }
    found
}

/// Two digits of a `%20` before the number are none of its own.
fn percent_escape_end(bytes: &[u8], start: usize) -> Option<usize> {
    match &bytes[..start] {
        [.., b'%'] if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => Some(start + 2),
        [.., b'%', high] if high.is_ascii_hexdigit() => Some(start + 1),
        _ => None,
    }
}

/// Whether a number that has come to `end` may be over there: no letter and no decimal point goes on with it.
fn ends(bytes: &[u8], end: usize) -> bool {
    match bytes[end..] {
        [b'.', next, ..] => !next.is_ascii_digit(),
        [next, ..] => !next.is_ascii_alphanumeric(),
        [] => true,
    }
}

/// Whether the digits that begin at `start` stand behind a decimal point.
fn is_fraction(bytes: &[u8], start: usize) -> bool {
    matches!(&bytes[..start], [.., whole, b'.'] if whole.is_ascii_digit())
}

fn is_card_number(digits: &[u8]) -> bool {
    digits.len() >= FEWEST_DIGITS && has_issuer(digits) && passes_luhn(digits)
}

fn has_issuer(digits: &[u8]) -> bool {
    let prefix = digits[..4]
        .iter()
        .fold(0_u16, |prefix, &digit| prefix * 10 + u16::from(digit));
    match prefix {
        // Visa
        4000..=4999
        // Mastercard
        | 2221..=2720 | 5100..=5599
        // American Express
        | 3400..=3499 | 3700..=3799
        // Discover
        | 6011 | 6440..=6599
        // Diners Club
        | 3000..=3059 | 3095 | 3600..=3699 | 3800..=3999
        // JCB
        | 3528..=3589
        // UnionPay
        | 6200..=6299 => true,
        _ => false,
    }
}

/// ISO/IEC 7812-1, annex B: every second digit from the right is doubled, and the sum divides by ten.
fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, digit) {
            (0, _) => u32::from(digit),
            (_, 0..=4) => u32::from(digit * 2),
            (_, _) => u32::from(digit * 2 - 9),
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Groups of a UUID may all be digits by chance.
fn overlaps_uuid(bytes: &[u8], number: &Range<usize>) -> bool {
    (number.start.saturating_sub(UUID_LENGTH - 1)..number.end).any(|at| is_uuid(bytes, at))
}

const UUID_LENGTH: usize = 36;

fn is_uuid(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..at + UUID_LENGTH).is_some_and(|uuid| {
        uuid.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuers_prefixes_are_known() {
        let known = [
            "4111", "2221", "2720", "5105", "5555", "3412", "3782", "6011", "6441", "6500", "3000",
            "3059", "3095", "3600", "3852", "3528", "3589", "6212",
        ];
        let unknown = [
            "2220", "2721", "5000", "5600", "3100", "3060", "3527", "3590", "6012", "6439", "6600",
            "1234",
        ];
        let has_issuer = |text: &str| {
            super::has_issuer(&text.bytes().map(|byte| byte - b'0').collect::<Vec<_>>())
        };
        for prefix in known {
            assert!(has_issuer(prefix), "{prefix}");
        }
        for prefix in unknown {
            assert!(!has_issuer(prefix), "{prefix}");
        }
    }

    #[test]
    fn a_number_with_one_digit_changed_fails_luhn() {
        let number = [4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
        assert!(passes_luhn(&number));
        for place in 0..number.len() {
            let mut changed = number;
            changed[place] = (changed[place] + 1) % 10;
            assert!(!passes_luhn(&changed), "{changed:?}");
        }
    }
}
