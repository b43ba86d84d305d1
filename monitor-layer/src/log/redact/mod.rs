//! Secrets kept out of every sink: by the key they stand under, or by what they look like.

mod card;
mod credentials;
mod key;
mod text;
mod word;

pub(crate) use self::{key::is_sensitive_key, text::redact_text};

/// What stands in a secret's place.
pub(crate) const REDACTED: &str = "[REDACTED]";

#[cfg(test)]
mod invariants;
#[cfg(test)]
mod tests;
