//! What one thread writes of a histogram.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use once_cell::race::{OnceBox, OnceRef};

use super::{
    Layout, Reading, pool,
    writer::{Access, Owner},
};

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

/// A cache line.
#[repr(align(64))]
pub(super) struct Shard {
    /// Whole nanoseconds or bytes, so that it does not drift.
    sum: AtomicU64,
    /// From 15 microseconds to 5 seconds, or from 16 bytes to 16 mebibytes.
    near: [PagePlace; NEAR.end - NEAR.start],
    rare: OnceBox<Rare>,
    owner: Owner,
}

type PagePlace = OnceRef<'static, Page>;

/// What few shards need.
#[derive(Default)]
struct Rare {
    far: [PagePlace; PAGES],
    overflown: OnceBox<Mutex<Overflown>>,
}

/// Two cache lines.
pub(super) struct Page([AtomicU32; PAGE]);

/// What has been moved out of full numbers. Readers hold the lock while they read those.
#[derive(Default)]
struct Overflown {
    sum: u128,
    cells: BTreeMap<usize, u64>,
}

impl Shard {
    pub(super) fn new(owner: Owner) -> Self {
        Self {
            sum: AtomicU64::new(0),
            near: Default::default(),
            rare: OnceBox::new(),
            owner,
        }
    }

    pub(super) const fn owner(&self) -> Owner {
        self.owner
    }

    /// As new, but that it keeps its pages. No thread may write to it meanwhile.
    pub(super) fn clear(&self) {
        for page in self.pages().filter_map(|(_, page)| page.get()) {
            page.clear();
        }
        if let Some(overflown) = self.overflown() {
            *overflown.lock().unwrap_or_else(PoisonError::into_inner) = Overflown::default();
        }
        self.sum.store(0, Ordering::Release);
    }

    #[inline]
    pub(super) fn observe(&self, cell: usize, amount: u64, access: Access) {
        let page = self.page_or_new(cell / PAGE);
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
    fn page_or_new(&self, at: usize) -> &'static Page {
        let place = self.page(at);
        place
            .get()
            .unwrap_or_else(|| pool::lend_page(place, self.owner))
    }

    #[inline]
    fn page(&self, at: usize) -> &PagePlace {
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
        for (at, page) in self.pages() {
            if let Some(page) = page.get() {
                reading.add_page(layout, at, &page.0);
            }
        }
        // After the counts, so that it has all that is counted.
        reading.add_sum(u128::from(self.sum.load(Ordering::Acquire)));
    }

    /// With their numbers.
    fn pages(&self) -> impl Iterator<Item = (usize, &PagePlace)> {
        let far = self.rare.get().map(|rare| rare.far.iter().enumerate());
        NEAR.zip(&self.near).chain(far.into_iter().flatten())
    }
}

impl Page {
    fn clear(&self) {
        for count in &self.0 {
            count.store(0, Ordering::Release);
        }
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
        let page = self.page_or_new(cell / PAGE);
        page.0[cell % PAGE].store(count, Ordering::Release);
        self.sum.store(sum, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::catalog;

    fn read(shard: &Shard, layout: &Layout) -> (u64, u128) {
        let mut reading = Reading::plain();
        reading.clear(layout);
        assert!(shard.read(layout, &mut reading));
        (reading.count(), reading.sum())
    }

    #[test]
    fn a_shard_and_a_page_are_whole_cache_lines() {
        assert_eq!((size_of::<Shard>(), align_of::<Shard>()), (64, 64));
        assert_eq!(size_of::<Page>(), 128);
    }

    #[test]
    fn what_a_histogram_leaves_behind_holds_nothing_of_it() {
        let definition = &catalog::HTTP_RESPONSE_SIZE;
        let layout = Layout::new(definition.kind, definition.bounds(), 8);
        let shard = Shard::new(Owner::All);
        let (near, far) = (layout.cell(100), layout.cells() - 1);
        shard.prefill(near, FULL_CELL, FULL_SUM);
        for cell in [near, far] {
            shard.observe(cell, 100, Access::Alone);
        }
        let count = u64::from(FULL_CELL) + 2;
        assert_eq!(read(&shard, &layout), (count, u128::from(FULL_SUM) + 200));
        shard.clear();
        assert_eq!(read(&shard, &layout), (0, 0));
        shard.observe(near, 7, Access::Alone);
        assert_eq!(read(&shard, &layout), (1, 7));
    }
}
