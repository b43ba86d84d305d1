use std::sync::atomic::{AtomicU32, Ordering};

use super::{Exemplar, Layout, shard::PAGE};

/// A histogram at one moment. Used for one series after the other, so that reading allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// By classic bucket, not cumulative; one more than there are bounds.
    buckets: Vec<u64>,
    /// By cell, where details are asked for.
    cells: Vec<u64>,
    exemplars: Vec<Exemplar>,
    sum: u128,
    detailed: bool,
}

impl Reading {
    /// Of counts and sum alone.
    pub(crate) fn plain() -> Self {
        Self::default()
    }

    /// Of exemplars and native buckets, too.
    pub(crate) fn detailed() -> Self {
        Self {
            detailed: true,
            ..Self::default()
        }
    }

    /// By classic bucket, not cumulative; one more than there are bounds.
    pub(crate) fn buckets(&self) -> &[u64] {
        &self.buckets
    }

    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// In whole nanoseconds or bytes.
    pub(crate) const fn sum(&self) -> u128 {
        self.sum
    }

    /// The exemplar of a classic bucket.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<&Exemplar> {
        self.exemplars
            .iter()
            .find(|exemplar| exemplar.bucket() == bucket)
    }

    pub(super) fn cells(&self) -> &[u64] {
        &self.cells
    }

    pub(super) fn exemplars_wanted(&mut self) -> Option<&mut Vec<Exemplar>> {
        self.detailed.then_some(&mut self.exemplars)
    }

    pub(super) fn clear(&mut self, layout: &Layout) {
        self.buckets.clear();
        self.buckets.resize(layout.bounds().len() + 1, 0);
        self.cells.clear();
        if self.detailed {
            self.cells.resize(layout.cells(), 0);
        }
        self.exemplars.clear();
        self.sum = 0;
    }

    pub(super) fn add_page(&mut self, layout: &Layout, at: usize, page: &[AtomicU32; PAGE]) {
        let Some(runs) = layout.runs().get(at) else {
            return;
        };
        for run in runs {
            let mut total = 0;
            for cell in run.cells.clone() {
                // Acquire: the sum, read after this, has all that is counted here.
                let count = u64::from(page[cell].load(Ordering::Acquire));
                total += count;
                if self.detailed {
                    self.cells[at * PAGE + cell] += count;
                }
            }
            self.buckets[run.bucket] += total;
        }
    }

    pub(super) fn add_cell(&mut self, layout: &Layout, cell: usize, count: u64) {
        self.buckets[layout.bucket(cell)] += count;
        if self.detailed {
            self.cells[cell] += count;
        }
    }

    pub(super) fn add_sum(&mut self, sum: u128) {
        self.sum += sum;
    }
}
