use std::sync::atomic::{AtomicU64, Ordering};

use once_cell::race::OnceBox;

use super::writer::Shards;

/// Several counts that are written by the same threads, side by side in each thread's shard.
pub(crate) struct Counters<const N: usize> {
    lines: Shards<OnceBox<Line<N>>>,
    cap: usize,
}

/// Aligned to two cache lines, which processors fetch in pairs: no other thread's counts are on them.
#[repr(align(128))]
struct Line<const N: usize>([AtomicU64; N]);

impl<const N: usize> Counters<N> {
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            lines: Shards::new(),
            cap: shards,
        }
    }

    #[inline]
    pub(crate) fn add_one(&self, at: usize) {
        self.lines.write(self.cap, |line, access| {
            access.add_u64(&line.0[at], 1);
        });
    }

    /// All counts. What is counted here is seen with all that was counted before it, here or in an instrument that is
    /// read later.
    pub(crate) fn values(&self) -> [u64; N] {
        let mut values = [0_u64; N];
        for line in self.lines.written() {
            for (value, count) in values.iter_mut().zip(&line.0) {
                *value = value.wrapping_add(count.load(Ordering::Acquire));
            }
        }
        values
    }
}

impl<const N: usize> Default for Line<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

/// Counts events that are rare, or not many threads': one number.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
