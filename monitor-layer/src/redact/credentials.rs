use std::ops::Range;

use super::{
    REDACTED,
    word::{is_word_start, run_end},
};

const BEARER: &[u8] = b"bearer";

/// What people write after `Bearer` when they speak of it: no tokens.
const PROSE: [&[u8]; 6] = [
    b"token",
    b"tokens",
    b"auth",
    b"authentication",
    b"authorization",
    BEARER,
];

/// The token of a `Bearer <token>` that begins at `start`, in any case (RFC 9110, section 11.1).
///
/// Its end is what cannot stand in a token of RFC 6750, section 2.1, except for characters that issuers use in
/// spite of it (`12|abc`).
pub(super) fn bearer_token(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let scheme_end = start + BEARER.len();
    let scheme = bytes.get(start..scheme_end)?;
    if !scheme.eq_ignore_ascii_case(BEARER) || !is_word_start(bytes, start) {
        return None;
    }
    let token = run_end(bytes, scheme_end, |byte| matches!(byte, b' ' | b'\t'));
    let token = token..run_end(bytes, token, is_in_token);
    let is_token =
        token.start > scheme_end && !token.is_empty() && !is_prose(&bytes[token.clone()]);
    is_token.then_some(token)
}

fn is_in_token(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !byte.is_ascii_control() && !b"\"'`\\,;<>()[]{}".contains(&byte)
}

fn is_prose(token: &[u8]) -> bool {
    let end = token
        .iter()
        .rposition(|byte| !b".:!?".contains(byte))
        .map_or(0, |last| last + 1);
    PROSE
        .iter()
        .any(|word| word.eq_ignore_ascii_case(&token[..end]))
}

/// The JSON Web Token (RFC 7519; the base64url of `{"` is `eyJ`) whose first `J` is at `at`.
///
/// The five parts of an encrypted one and an empty signature are taken as well.
///
/// # Errors
///
/// The end of the run of base64url parts that was read in vain: no token begins before it.
pub(super) fn json_web_token(bytes: &[u8], at: usize) -> Result<Option<Range<usize>>, usize> {
    let Some(start) = at.checked_sub(2) else {
        return Ok(None);
    };
    if !bytes[start..].starts_with(b"eyJ") || !is_word_start(bytes, start) {
        return Ok(None);
    }
    let run_end = run_end(bytes, start, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
    });
    let run = &bytes[start..run_end];
    if run.iter().filter(|byte| **byte == b'.').nth(1).is_none() {
        return Err(run_end);
    }
    // The full stop of a sentence is none of the token's.
    let length = run
        .iter()
        .rposition(|byte| *byte != b'.')
        .map_or(0, |last| last + 1);
    Ok(Some(start..start + length))
}

/// The password of a URL whose authority begins at `start` (RFC 3986, section 3.2.1), `[REDACTED]` and empty ones
/// left out.
///
/// People put passwords into URLs as they are: an `@`, and where what follows the colon is no port a `/`, `?` or `#`
/// too, may belong to it. Reads no further than the next `://`, so that a text of nothing else is read once.
pub(super) fn url_password(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let mut colon = None;
    let mut host = None;
    let mut in_authority = true;
    for (at, &byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b':' if bytes[at..].starts_with(b"://") => break,
            b':' if in_authority => colon = colon.or(Some(at)),
            b'@' => host = Some(at),
            b'/' | b'?' | b'#' if in_authority => {
                let is_address = bytes[start] == b'[' || is_port(&bytes[colon? + 1..at]);
                if host.is_some() || is_address {
                    break;
                }
                in_authority = false;
            }
            b'"' | b'<' | b'>' | b'`' => break,
            _ if byte.is_ascii_whitespace() || byte.is_ascii_control() => break,
            _ => {}
        }
    }
    let password = colon? + 1..host?;
    let is_open = !password.is_empty() && bytes[password.clone()] != *REDACTED.as_bytes();
    is_open.then_some(password)
}

fn is_port(text: &[u8]) -> bool {
    text.len() <= 5 && text.iter().all(u8::is_ascii_digit)
}
