//! What one thread writes of a histogram.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use once_cell::race::OnceBox;

use super::{Layout, Reading, writer::Access};

/// Cells of a page: four octaves and what classic bounds divide there. Observations of one kind lie close together, so
/// that a series has few pages.
pub(super) const PAGE: usize = 32;
const PAGES: usize = 16;
/// Pages that a shard has at hand: where most observations lie.
pub(super) const NEAR: Range<usize> = 1..6;
pub(super) const CELLS: usize = PAGE * PAGES;

/// Half of what a number holds: from there on it is moved out, before it overflows.
const FULL_CELL: u32 = 1 << 31;
const FULL_SUM: u64 = 1 << 63;
/// 36 years in nanoseconds. From [`FULL_SUM`] on, it would take eight such observations at once to overflow.
const LARGEST: u64 = 1 << 60;

#[derive(Default)]
pub(super) struct Shard {
    /// Whole nanoseconds or bytes, so that it does not drift.
    sum: AtomicU64,
    /// From 15 microseconds to 5 seconds, or from 16 bytes to 16 mebibytes.
    near: [OnceBox<Page>; NEAR.end - NEAR.start],
    rare: OnceBox<Rare>,
}

/// What few shards need.
#[derive(Default)]
struct Rare {
    far: [OnceBox<Page>; PAGES],
    overflown: OnceBox<Mutex<Overflown>>,
}

struct Page([AtomicU32; PAGE]);

/// What has been moved out of full numbers. Readers hold the lock while they read those.
#[derive(Default)]
struct Overflown {
    sum: u128,
    cells: BTreeMap<usize, u64>,
}

impl Shard {
    #[inline]
    pub(super) fn observe(&self, cell: usize, amount: u64, access: Access) {
        let page = self.page(cell / PAGE).get_or_init(Box::default);
        // The sum first: a reader that sees the count sees it in the sum, too.
        let sum = access.add_u64(&self.sum, amount.min(LARGEST));
        let count = access.add_u32(&page.0[cell % PAGE], 1);
        if sum >= FULL_SUM || count >= FULL_CELL {
            self.move_out(cell);
        }
    }

    fn overflown(&self) -> Option<&Mutex<Overflown>> {
        self.rare.get()?.overflown.get()
    }

    #[inline]
    fn page(&self, at: usize) -> &OnceBox<Page> {
        match self.near.get(at.wrapping_sub(NEAR.start)) {
            Some(near) => near,
            None => &self.rare.get_or_init(Box::default).far[at],
        }
    }

    /// Empties what is full. `swap`, for in a shared shard others go on adding meanwhile.
    #[cold]
    fn move_out(&self, cell: usize) {
        let rare = self.rare.get_or_init(Box::default);
        let overflown = rare.overflown.get_or_init(Box::default);
        let mut overflown = overflown.lock().unwrap_or_else(PoisonError::into_inner);
        if self.sum.load(Ordering::Relaxed) >= FULL_SUM {
            overflown.sum += u128::from(self.sum.swap(0, Ordering::AcqRel));
        }
        let Some(page) = self.page(cell / PAGE).get() else {
            return;
        };
        let full = &page.0[cell % PAGE];
        if full.load(Ordering::Relaxed) >= FULL_CELL {
            let count = u64::from(full.swap(0, Ordering::AcqRel));
            *overflown.cells.entry(cell).or_default() += count;
        }
    }

    /// Adds what is here to `reading`. `false` where numbers were moved out for the first time meanwhile, so that the
    /// reading may have missed them.
    pub(super) fn read(&self, layout: &Layout, reading: &mut Reading) -> bool {
        let Some(overflown) = self.overflown() else {
            self.read_numbers(layout, reading);
            return self.overflown().is_none();
        };
        let overflown = overflown.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_numbers(layout, reading);
        for (cell, count) in &overflown.cells {
            reading.add_cell(layout, *cell, *count);
        }
        reading.add_sum(overflown.sum);
        true
    }

    fn read_numbers(&self, layout: &Layout, reading: &mut Reading) {
        let near = NEAR.zip(&self.near);
        let far = self.rare.get().map(|rare| rare.far.iter().enumerate());
        let far = far.into_iter().flatten();
        for (at, page) in near.chain(far) {
            if let Some(page) = page.get() {
                reading.add_page(layout, at, &page.0);
            }
        }
        // After the counts, so that it has all that is counted.
        reading.add_sum(u128::from(self.sum.load(Ordering::Acquire)));
    }
}

impl Default for Page {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU32::new(0)))
    }
}

#[cfg(test)]
impl Shard {
    /// As if this had been observed so often.
    pub(super) fn prefill(&self, cell: usize, count: u32, sum: u64) {
        let page = self.page(cell / PAGE).get_or_init(Box::default);
        page.0[cell % PAGE].store(count, Ordering::Release);
        self.sum.store(sum, Ordering::Release);
    }
}
