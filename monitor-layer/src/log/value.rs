//! Values as they stand in a line's JSON. Each function says whether the whole of it was written.

use std::fmt;

use super::json::{LONGEST_READ, push_redacted, start_of};
use crate::redact::Redactor;

pub(super) fn push_string(json: &mut Vec<u8>, text: &str, redactor: &Redactor) -> bool {
    json.push(b'"');
    let is_whole = push_redacted(json, text, redactor);
    json.push(b'"');
    is_whole
}

/// An error or a failure: its type where that is known, its text, and those of its sources.
pub(super) fn push_error(
    json: &mut Vec<u8>,
    type_name: Option<&str>,
    message: &str,
    chain: &[String],
    redactor: &Redactor,
) -> bool {
    json.push(b'{');
    let mut is_whole = true;
    if let Some(type_name) = type_name {
        json.extend_from_slice(b"\"type\":");
        is_whole &= push_string(json, type_name, redactor);
        json.push(b',');
    }
    json.extend_from_slice(b"\"message\":");
    is_whole &= push_string(json, message, redactor);
    json.extend_from_slice(b",\"chain\":[");
    for (index, source) in chain.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        is_whole &= push_string(json, source, redactor);
    }
    json.extend_from_slice(b"]}");
    is_whole
}

/// Without a branch: which of them it is, nobody can foresee.
pub(super) fn push_boolean(json: &mut Vec<u8>, boolean: bool) {
    let start = json.len();
    json.extend_from_slice([b"false", b"true "][usize::from(boolean)]);
    json.truncate(start + 5 - usize::from(boolean));
}

/// Takes what a `Debug` shows, as much of it as is looked at: one without an end comes to one.
pub(crate) struct Shown<'a>(pub(crate) &'a mut String);

impl Shown<'_> {
    pub(crate) fn show(self, value: &dyn fmt::Debug) {
        let mut shown = self;
        // Refused once it is longer than what is looked at; what an error leaves is shown as it is.
        let _ = fmt::write(&mut shown, format_args!("{value:?}"));
    }
}

impl fmt::Write for Shown<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        // A byte more than is looked at tells that there is more.
        let room = (LONGEST_READ + 4).saturating_sub(self.0.len());
        let fits = start_of(part, room);
        self.0.push_str(fits);
        if fits.len() == part.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debug_without_an_end_comes_to_one() {
        struct Endless;
        impl fmt::Debug for Endless {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    formatter.write_str("more ")?;
                }
            }
        }
        let (mut text, mut json) = (String::new(), Vec::new());
        Shown(&mut text).show(&Endless);
        assert!(!push_string(&mut json, &text, &Redactor::default()));
        assert!(json.len() < 17_000);
    }
}
