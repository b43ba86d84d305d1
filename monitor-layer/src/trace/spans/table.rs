use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tracing::span::Id;

#[cfg(feature = "otlp")]
use super::recording::Recording;
use crate::{log, monitor::Core, trace::TraceContext};

/// A power of two, well above the threads that open spans at once.
const BUCKETS: usize = 1024;
/// The bits of an id that say where the registry keeps the span; those above count how often it has used the place.
/// Without them a span falls into the bucket of the one before it, warm as that left it.
const PLACE_BITS: u64 = (1 << 51) - 1;
/// How many places a bucket keeps for spans to come.
const KEPT: usize = 4;

/// What is known of the open spans of one subscriber, by their ids.
///
/// The registry's extensions would box each of them. Here a place is used again by the next span that falls into the
/// same bucket, buffers included.
#[derive(Default)]
pub(super) struct SpanTable(OnceLock<Box<[Mutex<Bucket>]>>);

/// Tells the tables of several subscribers apart, whose ids are their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TableId(usize);

type Bucket = Vec<Place>;

struct Place {
    /// 0 where it is free: the registry's ids are not.
    id: u64,
    span: OpenSpan,
}

/// What is around a span, in its subscriber.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Around {
    /// The registry knows: nobody needed it when the span was made.
    #[default]
    Unknown,
    Nothing,
    Span(Id),
}

/// An open span.
#[derive(Default)]
pub(crate) struct OpenSpan {
    /// `None` outside of every work that a monitor knows of.
    pub(crate) context: Option<TraceContext>,
    pub(crate) around: Around,
    /// Whose it is.
    pub(super) core: Option<Arc<Core>>,
    /// Where lines inside of it wait, if they do.
    pub(super) lines: Option<Arc<log::HeldLines>>,
    /// It stands for a step, whose context is the scope's own.
    pub(super) is_step: bool,
    /// Its fields, as the lines of all events inside of it have them.
    pub(crate) line: log::SpanFields,
    /// What is exported of it, where it is.
    #[cfg(feature = "otlp")]
    pub(super) recording: Option<Box<Recording>>,
}

impl SpanTable {
    /// As long as it is there.
    pub(super) fn id(&self) -> TableId {
        TableId(std::ptr::from_ref(self).addr())
    }

    /// Puts a span in, unless another layer of the same subscriber has done so. `fill` must not call user code.
    pub(super) fn open(&self, id: &Id, fill: impl FnOnce(&mut OpenSpan)) {
        let id = id.into_u64();
        let mut bucket = self.bucket(id);
        let mut free = None;
        for (index, place) in bucket.iter().enumerate() {
            if place.id == id {
                return;
            }
            if place.id == 0 {
                free = Some(index);
            }
        }
        let index = free.unwrap_or_else(|| {
            bucket.push(Place {
                id: 0,
                span: OpenSpan::default(),
            });
            bucket.len() - 1
        });
        let place = &mut bucket[index];
        place.id = id;
        fill(&mut place.span);
    }

    /// Looks at a span. `look` must neither call user code nor come back here.
    pub(super) fn with<R>(&self, id: &Id, look: impl FnOnce(&mut OpenSpan) -> R) -> Option<R> {
        self.0.get()?;
        let id = id.into_u64();
        let mut bucket = self.bucket(id);
        let place = bucket.iter_mut().find(|place| place.id == id)?;
        Some(look(&mut place.span))
    }

    /// Takes a span out; the second layer that asks finds nothing. `take` gets what is to outlive the place.
    pub(super) fn close<R>(&self, id: &Id, take: impl FnOnce(&mut OpenSpan) -> R) -> Option<R> {
        self.0.get()?;
        let id = id.into_u64();
        let mut bucket = self.bucket(id);
        let index = bucket.iter().position(|place| place.id == id)?;
        let place = &mut bucket[index];
        place.id = 0;
        let taken = take(&mut place.span);
        let core = place.span.clear();
        let gone = (bucket.len() > KEPT).then(|| bucket.swap_remove(index));
        drop(bucket);
        // The last handle on a monitor may flush its sinks.
        drop((core, gone));
        Some(taken)
    }

    fn bucket(&self, id: u64) -> MutexGuard<'_, Bucket> {
        let buckets = self
            .0
            .get_or_init(|| (0..BUCKETS).map(|_| Mutex::default()).collect());
        // Ids of one thread are neighbours, those of several threads differ in high bits: both are to spread.
        let spread = (id & PLACE_BITS).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let index = spread >> (64 - BUCKETS.trailing_zeros());
        // Nothing panics while the lock is held.
        buckets[index as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenSpan {
    /// Empties it for the next one; gives back what must not be dropped under the lock.
    fn clear(&mut self) -> Option<Arc<Core>> {
        self.context = None;
        self.around = Around::Unknown;
        self.lines = None;
        self.is_step = false;
        self.line.clear();
        #[cfg(feature = "otlp")]
        {
            self.recording = None;
        }
        mem::take(&mut self.core)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(table: &SpanTable) -> usize {
        let buckets = table.0.get().unwrap().iter();
        buckets.map(|bucket| bucket.lock().unwrap().len()).sum()
    }

    #[test]
    fn a_span_is_put_in_once_and_taken_out_once() {
        let table = SpanTable::default();
        let id = Id::from_u64(7);
        table.open(&id, |span| span.is_step = true);
        table.open(&id, |span| span.is_step = false);
        assert_eq!(table.with(&id, |span| span.is_step), Some(true));
        assert_eq!(table.close(&id, |span| span.is_step), Some(true));
        assert_eq!(table.close(&id, |span| span.is_step), None);
        assert_eq!(table.with(&id, |span| span.is_step), None);
    }

    #[test]
    fn places_are_used_again_and_a_storm_s_are_given_back() {
        let table = SpanTable::default();
        let ids: Vec<_> = (1..=20_000).map(Id::from_u64).collect();
        for id in &ids {
            table.open(id, |_| {});
        }
        assert_eq!(places(&table), ids.len());
        for id in &ids {
            assert_eq!(table.close(id, |_| ()), Some(()));
        }
        assert!(places(&table) <= KEPT * BUCKETS, "{}", places(&table));
        let kept = places(&table);
        for id in &ids {
            table.open(id, |_| {});
            table.close(id, |_| ());
        }
        assert_eq!(places(&table), kept);
    }
}
