use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use tracing::Metadata;

use super::json::push_escaped;
use crate::redact::Redactor;

/// In bytes as written.
pub(super) const LONGEST_KEY: usize = 256;

/// A field's key as it will stand in each line, found out once for its call site.
#[derive(Debug)]
pub(crate) struct Key {
    /// `,"key":`
    json: Cow<'static, [u8]>,
    /// The beginning of it: to copy a few bytes too many costs less than to copy as many as it takes.
    start: [u8; SHORT],
    pub(super) bit: u64,
    /// Nothing of it was cut.
    pub(super) is_whole: bool,
    /// A string under it is to be kept out.
    pub(super) is_sensitive: bool,
    pub(super) role: Role,
}

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Of an event; a span has none, where it is a member like others.
    Message,
    User,
    Job,
    Member,
}

const SHORT: usize = 24;

impl Key {
    pub(super) fn new(name: &str, redactor: &Redactor) -> Self {
        let mut json = Vec::new();
        let is_whole = push_key(&mut json, name);
        let mut start = [0; SHORT];
        let beginning = &json[..json.len().min(SHORT)];
        start[..beginning.len()].copy_from_slice(beginning);
        Self {
            start,
            bit: bit(&json[2..json.len() - 2]),
            json: json.into(),
            is_whole,
            is_sensitive: redactor.is_sensitive(name),
            role: match name {
                "message" => Role::Message,
                "user_id" => Role::User,
                "job_id" => Role::Job,
                _ => Role::Member,
            },
        }
    }

    /// One of the monitor's own. `json` is `,"key":`, and has nothing to be escaped.
    const fn own(json: &'static str) -> Self {
        let bytes = json.as_bytes();
        let mut start = [0; SHORT];
        let mut at = 0;
        while at < bytes.len() && at < SHORT {
            start[at] = bytes[at];
            at += 1;
        }
        let (_, name) = bytes.split_at(2);
        let (name, _) = name.split_at(name.len() - 2);
        Self {
            json: Cow::Borrowed(bytes),
            start,
            bit: bit(name),
            is_whole: true,
            is_sensitive: false,
            role: Role::Member,
        }
    }

    /// What stands between its quotes.
    pub(super) fn name(&self) -> &[u8] {
        &self.json[2..self.json.len() - 2]
    }

    /// Writes `,"key":`.
    #[inline]
    pub(super) fn push_to(&self, json: &mut Vec<u8>) {
        if self.json.len() <= SHORT {
            let start = json.len();
            json.extend_from_slice(&self.start);
            json.truncate(start + self.json.len());
        } else {
            json.extend_from_slice(&self.json);
        }
    }
}

macro_rules! own_keys {
    ($($(#[$when:meta])? $constant:ident $name:literal)*) => {
        /// Those of the monitor's own lines.
        impl Key {
            $($(#[$when])? pub(crate) const $constant: &'static Self = &Self::own(concat!(",\"", $name, "\":"));)*

            #[cfg(test)]
            const OWN: &[(&'static Self, &'static str)] = &[$($(#[$when])? (Self::$constant, $name)),*];
        }
    };
}

own_keys! {
    #[cfg(feature = "server")]
    ABANDONED_JOBS "abandonedJobs"
    #[cfg(feature = "server")]
    ABANDONED_REQUESTS "abandonedRequests"
    ADJUSTED_COUNT "adjustedCount"
    ATTEMPT "attempt"
    CATEGORY "category"
    #[cfg(feature = "server")]
    CHECK "check"
    #[cfg(feature = "server")]
    CONNECTIONS "connections"
    #[cfg(feature = "server")]
    DEADLINE_MS "deadlineMs"
    DROPPED "dropped"
    DURATION_MS "durationMs"
    ERROR "error"
    FILE "file"
    #[cfg(feature = "server")]
    GRACE_MS "graceMs"
    #[cfg(feature = "server")]
    JOBS "jobs"
    LINE "line"
    MAX_ATTEMPTS "maxAttempts"
    METHOD "method"
    NICHE "niche"
    OUTCOME "outcome"
    PARENT_SPAN_ID "parentSpanId"
    PATH "path"
    #[cfg(feature = "server")]
    PROBLEM "problem"
    QUEUED_MS "queuedMs"
    #[cfg(feature = "server")]
    REQUESTS "requests"
    RETRY_IN_MS "retryInMs"
    ROUTE "route"
    STATUS "status"
    STEP "step"
    #[cfg(feature = "server")]
    STEPS "steps"
    SLOW_MS "slowMs"
    SUPPRESSED "suppressed"
    TARGET "target"
}

/// Writes `,"key":`; `false` where the key was cut.
pub(super) fn push_key(json: &mut Vec<u8>, key: &str) -> bool {
    json.extend_from_slice(b",\"");
    let longest = json.len() + LONGEST_KEY;
    let is_whole = push_escaped(json, key, longest);
    json.extend_from_slice(b"\":");
    is_whole
}

/// One of 64 bits: keys that differ in theirs differ.
pub(super) const fn bit(key: &[u8]) -> u64 {
    let spread = match key {
        [] => 0,
        [only] => *only as usize,
        [first, .., last] => key.len() + 7 * *first as usize + 31 * *last as usize,
    };
    1 << (spread % 64)
}

/// The keys of every call site that a thread has come by: as many as the code has.
#[derive(Debug, Default)]
pub(super) struct CallSites {
    known: HashMap<CallSite, Box<[Key]>, BuildHasherDefault<AddressHasher>>,
}

/// The address of its metadata, and whose words name a secret.
type CallSite = (usize, u64);

impl CallSites {
    /// By the indices of the fields.
    pub(super) fn keys(
        &mut self,
        metadata: &'static Metadata<'static>,
        redactor: &Redactor,
    ) -> &[Key] {
        let address = std::ptr::from_ref(metadata).addr();
        self.known
            .entry((address, redactor.words_id()))
            .or_insert_with(|| {
                let names = metadata.fields().iter();
                names
                    .map(|field| Key::new(field.name(), redactor))
                    .collect()
            })
    }
}

/// Addresses are spread by nobody who means harm.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    /// A product's high bits are the better ones, and the map looks at the low ones first.
    fn finish(&self) -> u64 {
        self.0.rotate_left(32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Word;

    #[test]
    fn a_key_is_escaped_cut_and_known_by_its_role() {
        let redactor = Redactor::default();
        let key = |name| Key::new(name, &redactor);
        assert_eq!(&*key("a\"b").json, b",\"a\\\"b\":");
        let long = "k".repeat(300);
        assert!(!key(&long).is_whole);
        assert!(key("authToken").is_sensitive && !key("path").is_sensitive);
        let roles = ["message", "user_id", "job_id", "userId"].map(|name| key(name).role);
        assert_eq!(roles, [Role::Message, Role::User, Role::Job, Role::Member]);
        assert_eq!(&*key("").json, b",\"\":");
    }

    #[test]
    fn the_monitor_s_own_keys_are_as_if_they_were_made_from_their_names() {
        for (own, name) in Key::OWN {
            let made = Key::new(name, &Redactor::default());
            let parts = |key: &Key| (key.json.clone(), key.start, key.bit, key.is_sensitive);
            assert_eq!(parts(own), parts(&made));
            assert_eq!(own.name(), name.as_bytes());
        }
    }

    #[test]
    fn each_monitor_s_own_words_count_for_it_alone() {
        let mut own = Redactor::default();
        own.add_word(Word::new("plan").unwrap());
        let span = tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            tracing::info_span!("span", plan = "pro")
        });
        let metadata = span.metadata().unwrap();
        let mut sites = CallSites::default();
        for _ in 0..2 {
            assert!(sites.keys(metadata, &own)[0].is_sensitive);
            assert!(!sites.keys(metadata, &Redactor::default())[0].is_sensitive);
        }
    }
}
