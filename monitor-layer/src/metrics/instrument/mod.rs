//! What counts: written by many threads at once, read at a scrape.
//!
//! Threads that write to one cache line slow each other down five to twenty times. So each instrument has shards: a
//! thread writes to its own, and a scrape adds them up. A shard exists only where its thread has written, and there
//! are at most as many as the cap says: memory grows with what is used, not with cores.
//!
//! Each shard has cache lines of its own.

mod amounts;
mod counter;
mod exemplar;
mod gauge;
mod histogram;
mod layout;
#[cfg(any(feature = "native-histograms", feature = "server", test))]
mod native;
mod pool;
mod reading;
mod shard;
mod writer;

pub(crate) use self::{
    amounts::Amounts,
    counter::{Counter, Counters},
    exemplar::{Candidate, Exemplar},
    gauge::Gauge,
    histogram::Histogram,
    layout::{Layout, MOST_BUCKETS},
    reading::Reading,
};

#[cfg(any(feature = "native-histograms", feature = "server", test))]
pub(crate) use self::native::Native;

/// How many shards an instrument has at most, where nothing else is said.
pub(crate) const DEFAULT_SHARDS: usize = 8;
/// More would be a mistake.
pub(crate) const MOST_SHARDS: usize = 256;
