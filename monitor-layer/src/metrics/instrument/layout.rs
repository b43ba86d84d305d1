//! How observations are told apart by size.
//!
//! A native histogram's bounds are powers of 2^(1/8), a classic one's are chosen by hand. A cell is what lies between
//! two neighbouring bounds of either kind, so that one count serves both: classic and native buckets are sums of
//! whole cells, and agree at every scrape.

use std::sync::atomic::{AtomicU32, Ordering};

use super::shard::{CELLS, NEAR, PAGE};
use crate::metrics::catalog::Kind;

/// Buckets per power of two are 2^SCHEMA: 8, each 9 % wider than the one before.
pub(super) const SCHEMA: i32 = 3;
const PER_OCTAVE: i32 = 1 << SCHEMA;
/// Of an octave: no narrower than a native bucket anywhere, so that few steps lead from a slot to a cell.
const SLOTS: u64 = 16;
const SLOT_BITS: u32 = SLOTS.trailing_zeros();

/// More classic buckets than this are refused where they are chosen.
pub(crate) const MOST_BUCKETS: usize = 64;

/// What all series of a histogram have in common.
#[derive(Debug)]
pub(crate) struct Layout {
    /// How many of what is counted, nanoseconds or bytes, make one of what is shown.
    scale: f64,
    /// Upper bounds of the classic buckets, as shown; without the infinite one.
    bounds: Box<[f64]>,
    /// The largest amount of each cell.
    largest: Box<[u64]>,
    /// The cell of the smallest amount in each slot.
    first: Box<[u16]>,
    /// The classic bucket of each cell.
    classic: Box<[u8]>,
    /// For each page, which neighbouring cells are of one classic bucket.
    runs: Box<[Vec<Run>]>,
    native: Option<NativeCells>,
    shards: usize,
    /// How often the series were read; exemplars are kept from one reading to the next.
    readings: AtomicU32,
}

#[derive(Debug)]
pub(super) struct NativeCells {
    /// The native bucket of each cell; `None` for the zero bucket.
    pub(super) buckets: Box<[Option<i16>]>,
    /// What is up to 2 to this power counts as zero.
    pub(super) zero_exponent: i32,
}

/// Neighbouring cells of one page that are of one classic bucket.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) cells: std::ops::Range<usize>,
    pub(super) bucket: usize,
}

impl Layout {
    /// A layout for `kind` with these upper bounds, which ascend; with native buckets where the feature is on.
    pub(crate) fn new(kind: Kind, bounds: &[f64], shards: usize) -> Self {
        let native = cfg!(feature = "native-histograms");
        Self::with_native(kind, bounds, shards, native)
    }

    pub(super) fn with_native(kind: Kind, bounds: &[f64], shards: usize, native: bool) -> Self {
        let range = Range::of(kind);
        let classic: Vec<u64> = bounds
            .iter()
            .map(|bound| range.largest_up_to(*bound))
            .collect();
        let native: Vec<(u64, Option<i16>)> = match native {
            true => range.native_buckets().collect(),
            false => Vec::new(),
        };
        let mut largest: Vec<u64> = classic.clone();
        largest.extend(native.iter().map(|(largest, _)| largest));
        // Whatever is past the last bound.
        largest.push(u64::MAX);
        largest.sort_unstable();
        largest.dedup();
        // The few cells of classic buckets alone start on the first page that a shard has at hand.
        let unused = match native.is_empty() {
            true => NEAR.start * PAGE,
            false => 0,
        };
        largest.splice(0..0, std::iter::repeat_n(0, unused));
        debug_assert!(largest.len() <= CELLS);
        let of_classic: Box<[u8]> = largest
            .iter()
            .map(|amount| classic.partition_point(|bound| bound < amount) as u8)
            .collect();
        let of_native = largest.iter().map(|amount| {
            let at = native.partition_point(|(bound, _)| bound < amount);
            // Past the last one counts as the last one.
            native
                .get(at)
                .or(native.last())
                .and_then(|(_, index)| *index)
        });
        Self {
            scale: range.scale,
            bounds: bounds.into(),
            native: (!native.is_empty()).then(|| NativeCells {
                buckets: of_native.collect(),
                zero_exponent: range.zero_exponent,
            }),
            first: (0..=slot(u64::MAX))
                .map(|slot| {
                    let smallest = smallest(slot);
                    let cell = largest.partition_point(|amount| *amount < smallest);
                    cell.max(unused) as u16
                })
                .collect(),
            runs: runs(&of_classic),
            classic: of_classic,
            largest: largest.into(),
            shards,
            readings: AtomicU32::new(0),
        }
    }

    /// The cell of this amount.
    #[inline]
    pub(super) fn cell(&self, amount: u64) -> usize {
        let mut cell = usize::from(self.first[slot(amount)]);
        // The last cell's largest amount is the largest there is.
        while amount > self.largest[cell] {
            cell += 1;
        }
        cell
    }

    #[inline]
    pub(super) fn bucket(&self, cell: usize) -> usize {
        usize::from(self.classic[cell])
    }

    /// The classic upper bounds as shown, without the infinite one.
    pub(crate) fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    pub(super) fn cells(&self) -> usize {
        self.largest.len()
    }

    pub(super) fn runs(&self) -> &[Vec<Run>] {
        &self.runs
    }

    pub(super) const fn native(&self) -> Option<&NativeCells> {
        self.native.as_ref()
    }

    pub(super) const fn shards(&self) -> usize {
        self.shards
    }

    /// How many of what is counted make one of what is shown.
    pub(crate) const fn scale(&self) -> f64 {
        self.scale
    }

    pub(super) fn readings(&self) -> u32 {
        self.readings.load(Ordering::Relaxed)
    }

    /// All series are about to be read: exemplars of before give way to newer ones from here on.
    pub(crate) fn start_reading(&self) {
        self.readings.fetch_add(1, Ordering::Relaxed);
    }
}

/// From the smallest to the largest amount that is told apart by native buckets.
struct Range {
    scale: f64,
    zero_exponent: i32,
    largest_exponent: i32,
}

impl Range {
    fn of(kind: Kind) -> Self {
        match kind {
            // A microsecond to 68 years; what is shorter is zero to whoever looks at durations.
            Kind::Seconds(_) => Self {
                scale: 1e9,
                zero_exponent: -20,
                largest_exponent: 31,
            },
            // One byte to a pebibyte.
            Kind::Bytes(_) | Kind::Counter | Kind::Gauge => Self {
                scale: 1.0,
                zero_exponent: -1,
                largest_exponent: 50,
            },
        }
    }

    /// The largest amount that is shown as no more than `bound`.
    fn largest_up_to(&self, bound: f64) -> u64 {
        let mut amount = (bound * self.scale).round() as u64;
        while amount > 0 && amount as f64 / self.scale > bound {
            amount -= 1;
        }
        while amount < u64::MAX - 1 && ((amount + 1) as f64 / self.scale) <= bound {
            amount += 1;
        }
        amount
    }

    /// Each native bucket with the largest amount in it; buckets that no whole amount falls into are left out.
    fn native_buckets(&self) -> impl Iterator<Item = (u64, Option<i16>)> {
        let indexes = self.zero_exponent * PER_OCTAVE..=self.largest_exponent * PER_OCTAVE;
        let mut before = None;
        indexes
            .map(|index| {
                let bound = (f64::from(index) / f64::from(PER_OCTAVE)).exp2() * self.scale;
                let is_zero = index == self.zero_exponent * PER_OCTAVE;
                (bound as u64, (!is_zero).then_some(index as i16))
            })
            .filter(move |(largest, _)| before.replace(*largest) != Some(*largest))
    }
}

/// Sixteen slots an octave, by the leading bits.
#[inline]
fn slot(amount: u64) -> usize {
    if amount < SLOTS {
        return amount as usize;
    }
    let shift = amount.ilog2() - SLOT_BITS;
    // The leading bit makes one more of each octave.
    (u64::from(shift) * SLOTS + (amount >> shift)) as usize
}

/// The smallest amount in a slot.
fn smallest(slot: usize) -> u64 {
    let slot = slot as u64;
    if slot < SLOTS {
        return slot;
    }
    let shift = slot / SLOTS - 1;
    (slot % SLOTS + SLOTS) << shift
}

fn runs(classic: &[u8]) -> Box<[Vec<Run>]> {
    let runs_of = |cells: &[u8]| {
        let mut start = 0;
        let runs = cells.chunk_by(|one, next| one == next).map(|run| {
            let cells = start..start + run.len();
            start = cells.end;
            Run {
                cells,
                bucket: usize::from(run[0]),
            }
        });
        runs.collect()
    };
    classic.chunks(PAGE).map(runs_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::catalog::{self, Definition};

    fn layout(definition: &Definition) -> Layout {
        let (Kind::Seconds(bounds) | Kind::Bytes(bounds)) = definition.kind else {
            panic!("{} is no histogram", definition.name);
        };
        Layout::with_native(definition.kind, bounds, 8, true)
    }

    #[test]
    fn every_slot_starts_where_the_one_before_ends() {
        for at in 0..slot(u64::MAX) {
            assert_eq!(slot(smallest(at)), at);
            assert_eq!(slot(smallest(at + 1) - 1), at);
        }
    }

    #[test]
    fn every_histogram_of_the_catalogue_has_room() {
        for definition in catalog::all() {
            if let Kind::Seconds(bounds) | Kind::Bytes(bounds) = definition.kind {
                let layout = layout(definition);
                let spare = MOST_BUCKETS - bounds.len();
                assert!(layout.largest.len() + spare <= CELLS, "{}", definition.name);
            }
        }
    }

    #[test]
    fn a_bound_belongs_to_its_bucket_and_the_next_amount_does_not() {
        let layout = layout(&catalog::HTTP_REQUEST_DURATION);
        for (bucket, bound) in layout.bounds().iter().enumerate() {
            let nanoseconds = (bound * 1e9).round() as u64;
            assert_eq!(layout.bucket(layout.cell(nanoseconds)), bucket, "{bound}");
            assert_eq!(layout.bucket(layout.cell(nanoseconds + 1)), bucket + 1);
        }
    }

    #[test]
    fn a_cell_lies_in_the_native_bucket_that_the_logarithm_gives() {
        let layout = layout(&catalog::HTTP_REQUEST_DURATION);
        let native = layout.native().unwrap();
        let mut amount = 1_000_u64;
        while amount < 1 << 60 {
            let index = native.buckets[layout.cell(amount)].unwrap();
            let exact = ((amount as f64 / 1e9).log2() * 8.0).ceil();
            assert!((f64::from(index) - exact).abs() < 1e-9, "{amount} ns");
            amount += amount / 7 + 1;
        }
        assert_eq!(native.buckets[layout.cell(0)], None);
        assert_eq!(native.buckets[layout.cell(u64::MAX)], Some(248));
    }

    #[test]
    fn bounds_that_no_native_bucket_divides_still_divide_cells() {
        let bounds = [0.1, 0.100_000_001, 0.100_000_002];
        let layout = Layout::with_native(Kind::Seconds(&[]), &bounds, 8, true);
        let bucket = |nanoseconds| layout.bucket(layout.cell(nanoseconds));
        let buckets = [
            99_999_999,
            100_000_000,
            100_000_001,
            100_000_002,
            100_000_003,
        ]
        .map(bucket);
        assert_eq!(buckets, [0, 0, 1, 2, 3]);
    }
}
