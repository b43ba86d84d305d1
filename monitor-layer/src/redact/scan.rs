/// What a text's bytes say of it, counted in one pass: enough to know of most that nothing in them is a secret.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {
    /// What JSON has to escape.
    escaped: u32,
    /// Before a password in a URL, and after a key.
    colons: u32,
    /// Of a card number.
    digits: u32,
    /// Of `Bearer`, which has one `b` and two `r`.
    letters_b: u32,
    letters_r: u32,
    /// Of a JSON Web Token, which has `eyJ` and two dots.
    letters_j: u32,
    dots: u32,
}

const FEWEST_DIGITS: u32 = 13;

/// As many bytes are looked at in one go without a branch: the compiler makes vector instructions of that.
const BLOCK: usize = 16;

impl Scan {
    #[inline]
    pub(crate) fn of(text: &str) -> Self {
        let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
        let mut counts = 0;
        for byte in rest {
            counts += COUNTS[usize::from(*byte)];
        }
        let mut scan = Self::from_lanes(counts);
        for block in blocks {
            scan.add(block);
        }
        scan
    }

    /// Whether a byte in it has to be escaped in JSON.
    #[inline]
    pub(crate) const fn is_escaped(&self) -> bool {
        self.escaped != 0
    }

    /// Whether a bearer token, a JSON Web Token, a password in a URL, a card number or a string under a sensitive key
    /// may be in it.
    #[inline]
    pub(crate) const fn may_hold_secret(&self) -> bool {
        self.colons != 0
            || self.digits >= FEWEST_DIGITS
            || self.letters_b != 0 && self.letters_r > 1
            || self.letters_j != 0 && self.dots > 1
    }

    /// Of fewer bytes than a lane counts.
    const fn from_lanes(counts: u64) -> Self {
        let [
            escaped,
            colons,
            digits,
            letters_b,
            letters_r,
            letters_j,
            dots,
            _,
        ] = counts.to_le_bytes();
        Self {
            escaped: escaped as u32,
            colons: colons as u32,
            digits: digits as u32,
            letters_b: letters_b as u32,
            letters_r: letters_r as u32,
            letters_j: letters_j as u32,
            dots: dots as u32,
        }
    }

    fn add(&mut self, block: &[u8; BLOCK]) {
        self.escaped += count(block, is_escaped);
        self.colons += count(block, is_colon);
        self.digits += count(block, is_digit);
        self.letters_b += count(block, is_b);
        self.letters_r += count(block, is_r);
        self.letters_j += count(block, is_j);
        self.dots += count(block, is_dot);
    }
}

fn count(block: &[u8; BLOCK], is_counted: impl Fn(u8) -> bool) -> u32 {
    let mut count = 0;
    for byte in *block {
        count += u8::from(is_counted(byte));
    }
    u32::from(count)
}

/// What each byte adds, a byte for each of the counts.
const COUNTS: [u64; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < table.len() {
        let byte = at as u8;
        table[at] = u64::from_le_bytes([
            is_escaped(byte) as u8,
            is_colon(byte) as u8,
            is_digit(byte) as u8,
            is_b(byte) as u8,
            is_r(byte) as u8,
            is_j(byte) as u8,
            is_dot(byte) as u8,
            0,
        ]);
        at += 1;
    }
    table
};

const fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f || byte == b'"' || byte == b'\\'
}

const fn is_colon(byte: u8) -> bool {
    byte == b':'
}

const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

const fn is_b(byte: u8) -> bool {
    byte | 0x20 == b'b'
}

const fn is_r(byte: u8) -> bool {
    byte | 0x20 == b'r'
}

const fn is_j(byte: u8) -> bool {
    byte == b'J'
}

const fn is_dot(byte: u8) -> bool {
    byte == b'.'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Redactor;

    #[test]
    fn a_secret_is_suspected_wherever_it_stands() {
        let redactor = Redactor::default();
        let secrets = [
            "Bearer abcdef",
            "bEARER abcdef",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            "db://u:hunter2@h",
            "4111 1111 1111 1111",
            "4222222222222",
            "password: \"hunter2\"",
        ];
        for secret in secrets {
            for before in 0..40 {
                for after in [0, 1, 15, 16, 17] {
                    let text = format!("{} {secret}{}", "x".repeat(before), " y".repeat(after));
                    assert_ne!(redactor.text(&text), text, "is a secret");
                    assert!(Scan::of(&text).may_hold_secret(), "{text}");
                }
            }
        }
    }

    #[test]
    fn ordinary_texts_are_copied_as_they_are() {
        for text in [
            "",
            "/jobs/42/video",
            "Job picked up",
            "subscription of a job. by the web.",
            "eu-central-1",
            "日本語 ü",
            "2026-11-24 12",
        ] {
            let scan = Scan::of(text);
            assert!(!scan.may_hold_secret() && !scan.is_escaped(), "{text}");
        }
    }

    #[test]
    fn what_has_to_be_escaped_is_seen_wherever_it_stands() {
        for byte in (0..0x20).chain([0x7f, b'"', b'\\']) {
            for before in 0..40 {
                let text = format!("{}{}", "x".repeat(before), char::from(byte));
                assert!(Scan::of(&text).is_escaped(), "{byte} {before}");
            }
        }
    }
}
