use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
};

use super::{
    buffers::Buffers,
    fields::Fields,
    ids::Ids,
    members::{Known, Members},
    visit::Visitor,
};
use crate::{redact::Redactor, trace::SpanId};

/// What a span has to tell to the events inside of it.
pub(super) struct SeenSpan {
    pub(super) id: SpanId,
    /// The exchange, job or step that it was made in.
    pub(super) made_in: Option<SpanId>,
    pub(super) fields: SpanFields,
}

/// A span's fields, written once as they will stand in the lines of all events inside of it.
#[derive(Default)]
pub(super) struct SpanFields {
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
    pub(super) fn record(redactor: &Redactor, record: impl FnOnce(&mut Visitor<'_>)) -> Self {
        let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.pop());
        let mut fields = spare.ok().flatten().unwrap_or_default();
        Buffers::with(|buffers| {
            let told = Fields::new(&mut fields.members, redactor, Known::Goes);
            let mut visitor = Visitor::of_span(told, &mut buffers.shown);
            // A `Debug` of the user's that panics takes the fields from it on, and nothing else.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| record(&mut visitor)));
        });
        fields.ids.take_from(&mut fields.members);
        fields
    }

    /// Sets anew what the other tells.
    pub(super) fn replace(&mut self, others: &Self) {
        self.members.replace(&others.members);
        self.ids.replace(&others.ids);
    }

    pub(super) fn recycle(mut self) {
        self.members.clear();
        self.ids.clear();
        let _ = SPARE.try_with(|spare| {
            if let Ok(mut spare) = spare.try_borrow_mut()
                && spare.len() < MOST_SPARE
            {
                spare.push(self);
            }
        });
    }
}
