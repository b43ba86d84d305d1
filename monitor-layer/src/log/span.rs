use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
};

use tracing::Metadata;

use super::{
    buffers::Buffers,
    ids::Ids,
    members::Members,
    visit::{Keys, Visitor},
};
use crate::redact::Redactor;

/// A span's fields, written once as they will stand in the lines of all events inside of it.
#[derive(Default)]
pub(crate) struct SpanFields {
    pub(super) members: Members,
    pub(super) ids: Ids,
}

/// How many a thread keeps for spans to come.
const MOST_SPARE: usize = 64;

thread_local! {
    static SPARE: RefCell<Vec<SpanFields>> = const { RefCell::new(Vec::new()) };
}

impl SpanFields {
    /// Allocates nothing where the thread has one to spare that has grown large enough.
    pub(super) fn record(
        metadata: &'static Metadata<'static>,
        redactor: &Redactor,
        record: impl FnOnce(&mut Visitor<'_>),
    ) -> Self {
        let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.pop());
        let mut fields = spare.ok().flatten().unwrap_or_default();
        Buffers::with(|buffers| {
            let mut visitor = Visitor {
                members: &mut fields.members,
                ids: &mut fields.ids,
                shown: &mut buffers.shown,
                message: None,
                keys: Keys::of(metadata, &mut buffers.call_sites, redactor),
            };
            // A `Debug` of the user's that panics takes the fields from it on, and nothing else.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| record(&mut visitor)));
        });
        fields
    }

    /// Sets anew what the other tells.
    pub(super) fn replace(&mut self, others: &Self) {
        self.members.replace(&others.members);
        self.ids.replace(&others.ids);
    }

    /// Empties it, and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.members.clear();
        self.ids.clear();
    }

    pub(super) fn recycle(mut self) {
        self.clear();
        let _ = SPARE.try_with(|spare| {
            if let Ok(mut spare) = spare.try_borrow_mut()
                && spare.len() < MOST_SPARE
            {
                spare.push(self);
            }
        });
    }
}
