use std::{
    borrow::Cow,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    REDACTED, Scan, Word,
    key::names_secret,
    text::{Piece, pieces},
};

type Find = dyn Fn(&str) -> Option<Range<usize>> + Send + Sync;

/// What counts as a secret in all sinks of one monitor: what always does, and what the user adds.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    words: Vec<Word>,
    words_id: u64,
    finders: Vec<Arc<Find>>,
}

impl Redactor {
    pub(crate) fn add_word(&mut self, word: Word) {
        /// 0 is no word at all.
        static NEXT: AtomicU64 = AtomicU64::new(1);

        self.words.push(word);
        self.words_id = NEXT.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the user's words have a string under this key kept out, which no word of ours does.
    #[inline]
    pub(crate) fn is_sensitive_to_user(&self, key: &[u8]) -> bool {
        !self.words.is_empty() && names_secret(key, &self.words)
    }

    /// Tells apart those that judge a key differently, for whoever keeps what was judged.
    pub(crate) const fn words_id(&self) -> u64 {
        self.words_id
    }

    pub(crate) fn add_finder(
        &mut self,
        find: impl Fn(&str) -> Option<Range<usize>> + Send + Sync + 'static,
    ) {
        self.finders.push(Arc::new(find));
    }

    /// Whether a string under this key is to be kept out of every sink.
    pub(crate) fn is_sensitive(&self, key: &str) -> bool {
        names_secret(key.as_bytes(), &self.words)
    }

    /// Whether a text that was scanned is to be looked at more closely.
    #[inline]
    pub(crate) fn may_find(&self, scan: &Scan) -> bool {
        scan.may_hold_secret() || !self.finders.is_empty()
    }

    /// The text with `[REDACTED]` in its secrets' places; lent where there is none.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut redacted: Option<String> = None;
        self.parts(text, |part| {
            // Without a secret, the one part is the text itself.
            if part.len() != text.len() || part.as_ptr() != text.as_ptr() {
                redacted
                    .get_or_insert_with(|| String::with_capacity(text.len()))
                    .push_str(part);
            }
            true
        });
        redacted.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Hands over the text part by part, `[REDACTED]` in its secrets' places, until `take` has enough.
    ///
    /// In one pass and without an allocation, but for what the user's own functions do.
    #[inline]
    pub(crate) fn parts(&self, text: &str, mut take: impl FnMut(&str) -> bool) {
        for piece in pieces(text, &self.words) {
            let goes_on = match piece {
                Piece::Open(open) if self.finders.is_empty() => take(open),
                Piece::Open(open) => open_parts(&self.finders, open, &mut take),
                Piece::Secret => take(REDACTED),
            };
            if !goes_on {
                return;
            }
        }
    }
}

/// What the finders leave of a text in which nothing else is a secret.
fn open_parts(finders: &[Arc<Find>], mut text: &str, take: &mut dyn FnMut(&str) -> bool) -> bool {
    let Some((find, others)) = finders.split_first() else {
        return text.is_empty() || take(text);
    };
    while !text.is_empty() {
        let Some(secret) = found(&**find, text) else {
            return open_parts(others, text, take);
        };
        if !open_parts(others, &text[..secret.start], take) || !take(REDACTED) {
            return false;
        }
        text = &text[secret.end..];
    }
    true
}

/// The first secret, between characters. A function that panics takes the whole text: nobody knows what was in it.
fn found(find: &Find, text: &str) -> Option<Range<usize>> {
    let Ok(found) = catch_unwind(AssertUnwindSafe(|| find(text))) else {
        return Some(0..text.len());
    };
    let Range { start, end } = found?;
    let start = (0..=start.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))?;
    let end = (end.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at))?;
    (start < end).then_some(start..end)
}
