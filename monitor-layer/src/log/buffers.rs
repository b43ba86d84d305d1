use std::cell::Cell;

use super::{Ids, key::CallSites, members::Members};

/// A buffer that has grown larger is not kept.
const LARGEST_KEPT: usize = 64 * 1024;

/// What a line is made in: kept by each thread for its next line, so that none is allocated.
#[derive(Default)]
pub(super) struct Buffers {
    pub(super) line: Vec<u8>,
    pub(super) message: String,
    /// What a `Debug` shows, before it is looked at for secrets.
    pub(super) shown: String,
    pub(super) members: Members,
    pub(super) ids: Ids,
    /// Kept from line to line.
    pub(super) call_sites: CallSites,
}

thread_local! {
    static SPARE: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
}

impl Buffers {
    /// Lends this thread's, empty; new ones within a line, for what is logged on the way to it has lines of its own.
    pub(super) fn with<R>(work: impl FnOnce(&mut Self) -> R) -> R {
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        let mut buffers = spare.unwrap_or_default();
        let result = work(&mut buffers);
        buffers.clear();
        let _ = SPARE.try_with(|spare| spare.set(Some(buffers)));
        result
    }

    fn clear(&mut self) {
        self.line.clear();
        self.line.shrink_to(LARGEST_KEPT);
        for text in [&mut self.message, &mut self.shown] {
            text.clear();
            text.shrink_to(LARGEST_KEPT);
        }
        self.members.clear();
        self.ids.clear();
    }
}
