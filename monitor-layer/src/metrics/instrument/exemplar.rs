//! Which trace stands for a bucket.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use once_cell::race::OnceBox;

use super::Layout;
use crate::trace::{SpanId, TraceContext, TraceId};

/// What a sampled trace has to show for an observation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    trace_id: TraceId,
    span_id: SpanId,
    failed: bool,
}

impl Candidate {
    /// `None` where the trace is not sampled: nobody could follow the link.
    #[inline]
    pub(crate) fn of(context: &TraceContext, failed: bool) -> Option<Self> {
        context.is_sampled().then(|| Self {
            trace_id: context.trace_id(),
            span_id: context.span_id(),
            failed,
        })
    }

    /// That of what runs here.
    #[inline]
    pub(crate) fn current(failed: bool) -> Option<Self> {
        crate::trace::current::with_current(|scope| Self::of(&scope?.context, failed))
    }
}

/// The trace that stands for a bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exemplar {
    // Bytes and not an id, whose alignment would cost each exemplar 8 bytes more.
    trace_id: [u8; 16],
    span_id: SpanId,
    amount: u64,
    /// Milliseconds since 1970 and, in the upper byte, the bucket.
    moment: u64,
}

const BUCKET_SHIFT: u32 = 56;

impl Exemplar {
    pub(crate) fn trace_id(&self) -> Option<TraceId> {
        TraceId::from_bytes(self.trace_id)
    }

    pub(crate) const fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// What was observed, in nanoseconds or bytes.
    pub(crate) const fn amount(&self) -> u64 {
        self.amount
    }

    /// Milliseconds since 1970.
    pub(crate) const fn milliseconds(&self) -> u64 {
        self.moment & !(0xff << BUCKET_SHIFT)
    }

    pub(crate) const fn bucket(&self) -> usize {
        (self.moment >> BUCKET_SHIFT) as usize
    }
}

/// One exemplar for each bucket that has one: since the last scrape the slowest of those that failed, else the
/// slowest.
#[derive(Default)]
pub(super) struct Exemplars(OnceBox<Kept>);

struct Kept {
    /// For each bucket, how good its exemplar is; read without the lock.
    ranks: Box<[AtomicU32]>,
    exemplars: Mutex<Vec<Exemplar>>,
}

impl Exemplars {
    #[inline]
    pub(super) fn offer(&self, layout: &Layout, bucket: usize, amount: u64, candidate: &Candidate) {
        let kept = self.0.get_or_init(|| Box::new(Kept::new(layout)));
        let rank = rank(layout.readings(), candidate.failed, amount);
        if is_better(rank, kept.ranks[bucket].load(Ordering::Relaxed)) {
            kept.keep(bucket, amount, candidate, rank);
        }
    }

    pub(super) fn read(&self, exemplars: &mut Vec<Exemplar>) {
        if let Some(kept) = self.0.get() {
            let kept = kept
                .exemplars
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            exemplars.extend_from_slice(&kept);
        }
    }
}

impl Kept {
    fn new(layout: &Layout) -> Self {
        Self {
            ranks: layout
                .bounds()
                .iter()
                .map(|_| AtomicU32::new(0))
                .chain([AtomicU32::new(0)])
                .collect(),
            exemplars: Mutex::default(),
        }
    }

    #[cold]
    fn keep(&self, bucket: usize, amount: u64, candidate: &Candidate, rank: u32) {
        let mut exemplars = self
            .exemplars
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Somebody better may have come first.
        if !is_better(rank, self.ranks[bucket].load(Ordering::Relaxed)) {
            return;
        }
        self.ranks[bucket].store(rank, Ordering::Relaxed);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let milliseconds = since_1970.map_or(0, |passed| passed.as_millis() as u64);
        let exemplar = Exemplar {
            trace_id: candidate.trace_id.to_bytes(),
            span_id: candidate.span_id,
            amount,
            moment: (bucket as u64) << BUCKET_SHIFT | milliseconds,
        };
        match exemplars.iter_mut().find(|kept| kept.bucket() == bucket) {
            Some(kept) => *kept = exemplar,
            None => {
                // Most series have few buckets with one.
                exemplars.reserve_exact(1);
                exemplars.push(exemplar);
            }
        }
    }
}

const READING_SHIFT: u32 = 20;
const FAILED_SHIFT: u32 = 19;
const SIZE_BITS: u32 = 19;

/// Which reading comes next, modulo 4095; then failures before successes; then larger amounts before smaller ones, by
/// half a per mille. Never 0.
#[inline]
fn rank(readings: u32, failed: bool, amount: u64) -> u32 {
    // The upper bits of positive floats ascend with their values; the sign's is left out.
    let size = (amount as f32).to_bits() >> (31 - SIZE_BITS);
    (readings % 0xfff + 1) << READING_SHIFT | u32::from(failed) << FAILED_SHIFT | size
}

/// Anything is better than what was there at an earlier reading.
#[inline]
const fn is_better(rank: u32, held: u32) -> bool {
    rank >> READING_SHIFT != held >> READING_SHIFT || rank > held
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sampler, metrics::catalog::Kind};

    fn candidate(failed: bool) -> Candidate {
        let context = TraceContext::root(&Sampler::ratio(1.0).unwrap());
        Candidate::of(&context, failed).unwrap()
    }

    fn kept(exemplars: &Exemplars) -> Vec<Exemplar> {
        let mut kept = Vec::new();
        exemplars.read(&mut kept);
        kept
    }

    #[test]
    fn a_bucket_keeps_the_slowest_and_rather_one_that_failed() {
        let layout = Layout::new(Kind::Seconds(&[]), &[1.0], 8);
        let exemplars = Exemplars::default();
        let kept_after = |amount, failed| {
            exemplars.offer(&layout, 0, amount, &candidate(failed));
            kept(&exemplars)[0].amount()
        };
        assert_eq!(kept_after(500, false), 500);
        assert_eq!(kept_after(400, false), 500);
        assert_eq!(kept_after(600, false), 600);
        assert_eq!(kept_after(100, true), 100, "failed before slow");
        assert_eq!(kept_after(9_000, false), 100);
        assert_eq!(kept_after(200, true), 200);
    }

    #[test]
    fn after_a_scrape_the_next_one_takes_the_place() {
        let layout = Layout::new(Kind::Seconds(&[]), &[1.0], 8);
        let exemplars = Exemplars::default();
        exemplars.offer(&layout, 0, 900, &candidate(true));
        layout.start_reading();
        assert_eq!(kept(&exemplars)[0].amount(), 900, "until there is another");
        exemplars.offer(&layout, 0, 5, &candidate(false));
        assert_eq!(kept(&exemplars)[0].amount(), 5);
    }

    #[test]
    fn buckets_have_their_own_and_traces_that_nobody_recorded_are_none() {
        let layout = Layout::new(Kind::Seconds(&[]), &[1.0, 2.0], 8);
        let exemplars = Exemplars::default();
        for bucket in 0..3 {
            exemplars.offer(&layout, bucket, 7, &candidate(false));
        }
        let buckets: Vec<_> = kept(&exemplars).iter().map(Exemplar::bucket).collect();
        assert_eq!(buckets, [0, 1, 2]);
        let unsampled = TraceContext::root(&Sampler::ratio(0.0).unwrap());
        assert!(Candidate::of(&unsampled, true).is_none());
    }
}
