//! Secrets kept out of every sink: by the key they stand under, or by what they look like.

mod card;
mod credentials;
mod key;
mod nested;
mod redactor;
mod scan;
mod text;
mod word;

pub(crate) use self::{key::Word, redactor::Redactor, scan::Scan};

/// What stands in a secret's place.
pub(crate) const REDACTED: &str = "[REDACTED]";

#[cfg(test)]
mod invariants;
#[cfg(test)]
mod tests;
