//! Texts of the user's, made fit to be sent: without secrets, and no longer than anybody reads.

use std::borrow::Cow;

use super::alert::Text;
use crate::redact::{REDACTED, Redactor};

pub(super) const ELLIPSIS: &str = "…";

/// Redacts, and then cuts, lest half of a secret is none. What needs neither is passed on as it is.
pub(super) fn clean(text: Text, most: usize, redactor: &Redactor) -> Text {
    let redacted = match redactor.text(&text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(redacted) => Some(redacted),
    };
    let text = redacted.map_or(text, Cow::Owned);
    match cut(&text, most) {
        Cow::Borrowed(_) => text,
        Cow::Owned(cut) => Cow::Owned(cut),
    }
}

/// The same of what stands under a name that may say that it is a secret.
pub(super) fn clean_value(name: &str, value: Text, most: usize, redactor: &Redactor) -> Text {
    match redactor.is_sensitive(name) {
        true => Cow::Borrowed(REDACTED),
        false => clean(value, most, redactor),
    }
}

/// At most so many bytes, an ellipsis in place of what is left out.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let start = start_of(text, most.saturating_sub(ELLIPSIS.len()));
    Cow::Owned(format!("{start}{ELLIPSIS}"))
}

/// At most so many bytes of its beginning, whole characters.
pub(super) fn start_of(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis_between_characters() {
        assert_eq!(cut("salt", 4), "salt");
        assert_eq!(cut("salty", 4), "s…");
        assert_eq!(cut("ééé", 5), "é…");
        assert_eq!(cut("éé", 3), "…");
    }

    #[test]
    fn a_secret_at_the_edge_is_redacted_before_the_text_is_cut() {
        let redactor = Redactor::default();
        let text = format!("{} https://me:hunter22@host", "x".repeat(20));
        assert_eq!(
            clean(text.into(), 40, &redactor),
            format!("{} https://me:[REDA…", "x".repeat(20))
        );
        let token = clean_value("auth_token", "abc".into(), 40, &redactor);
        assert_eq!(token, "[REDACTED]");
    }
}
