use std::ops::Range;

use super::{
    Word,
    card::card_number,
    credentials::{bearer_token, json_web_token, url_password},
    key::names_secret,
    nested::secret_string,
    word::run_end,
};

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Open(&'a str),
    Secret,
}

/// Divides a text at its bearer tokens, JSON Web Tokens, passwords in URLs, card numbers and strings under sensitive
/// keys.
///
/// One pass in linear time whatever the text; a text without a secret is one piece.
pub(super) fn pieces<'a>(text: &'a str, words: &'a [Word]) -> impl Iterator<Item = Piece<'a>> {
    let mut secrets = Secrets::new(text.as_bytes(), words);
    let (mut copied, mut next) = (0, None::<Range<usize>>);
    std::iter::from_fn(move || {
        let secret = match next.take() {
            Some(secret) => secret,
            None if copied == text.len() => return None,
            None => {
                let secret = secrets.next().unwrap_or(text.len()..text.len());
                if secret.start > copied {
                    // Every secret begins after what was passed before, and lies between ASCII bytes or the text's ends.
                    let open = &text[copied..secret.start];
                    copied = secret.start;
                    next = (!secret.is_empty()).then_some(secret);
                    return Some(Piece::Open(open));
                }
                secret
            }
        };
        copied = secret.end;
        Some(Piece::Secret)
    })
}

/// The places of a text's secrets, in order and apart from each other.
struct Secrets<'a> {
    bytes: &'a [u8],
    words: &'a [Word],
    at: usize,
    /// Of the last URL seen; due when its colon is reached, so that its user is looked at before.
    password: Option<Range<usize>>,
    /// Up to here no JSON Web Token begins: keeps hostile text from being read again and again.
    no_token_before: usize,
}

impl<'a> Secrets<'a> {
    fn new(bytes: &'a [u8], words: &'a [Word]) -> Self {
        Self {
            bytes,
            words,
            at: 0,
            password: None,
            no_token_before: 0,
        }
    }

    /// The secret that the byte at `at` gives away, if any, and where to go on.
    fn look(&mut self, at: usize) -> (Option<Range<usize>>, usize) {
        let bytes = self.bytes;
        match bytes[at] {
            b'0'..=b'9' => card_number(bytes, at),
            b':' => {
                if self.password.as_ref().is_some_and(|it| it.start == at + 1) {
                    return (self.password.take(), at + 1);
                }
                if bytes[at..].starts_with(b"://") {
                    self.password = url_password(bytes, at + 3);
                    return (None, at + 1);
                }
                let is_sensitive = |key: &[u8]| names_secret(key, self.words);
                (secret_string(bytes, at, is_sensitive), at + 1)
            }
            // The `J` of `eyJ`: far rarer than an `e`.
            b'J' if at >= self.no_token_before => match json_web_token(bytes, at) {
                Ok(token) => (token, at + 1),
                Err(run_end) => {
                    self.no_token_before = run_end;
                    (None, at + 1)
                }
            },
            b'b' | b'B' => (bearer_token(bytes, at), at + 1),
            _ => (None, at + 1),
        }
    }
}

impl Iterator for Secrets<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = run_end(self.bytes, self.at, |byte| !GIVES_AWAY[usize::from(byte)]);
            if at == self.bytes.len() {
                return None;
            }
            let (secret, go_on) = self.look(at);
            self.at = secret.as_ref().map_or(go_on, |secret| secret.end);
            if secret.is_some() {
                return secret;
            }
        }
    }
}

/// The bytes at which a secret may be recognised; all others are passed over in a tight loop.
const GIVES_AWAY: [bool; 256] = {
    let mut table = [false; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        table[digit as usize] = true;
        digit += 1;
    }
    table[b':' as usize] = true;
    table[b'J' as usize] = true;
    table[b'b' as usize] = true;
    table[b'B' as usize] = true;
    table
};
