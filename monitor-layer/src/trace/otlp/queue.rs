use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::metrics::{Metrics, Signal};

/// Counts the spans on their way out, for the SDK's processor drops what does not fit and says so in its own log alone.
///
/// What waits in the processor's channel is never more than what is counted here, so that a span which is admitted
/// fits: each drop is one of ours.
pub(super) struct Queue {
    limit: usize,
    /// Admitted, and not yet taken by the thread that sends.
    waiting: AtomicUsize,
    /// Admitted, and neither sent nor lost.
    unfinished: AtomicUsize,
    metrics: Arc<Metrics>,
}

impl Queue {
    pub(super) fn new(limit: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            limit,
            waiting: AtomicUsize::new(0),
            unfinished: AtomicUsize::new(0),
            metrics,
        }
    }

    /// Whether there is room for one more; else it is counted as dropped.
    pub(super) fn admit(&self) -> bool {
        let waiting = self
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| {
                (waiting < self.limit).then_some(waiting + 1)
            });
        if waiting.is_err() {
            self.dropped(1);
            return false;
        }
        self.unfinished.fetch_add(1, Ordering::AcqRel);
        true
    }

    /// The thread that sends has taken so many.
    pub(super) fn taken(&self, spans: usize) {
        self.waiting.fetch_sub(spans, Ordering::AcqRel);
    }

    /// So many of those taken are sent or lost.
    pub(super) fn finished(&self, spans: usize) {
        self.unfinished.fetch_sub(spans, Ordering::AcqRel);
    }

    pub(super) fn dropped(&self, spans: usize) {
        (0..spans).for_each(|_| self.metrics.dropped(Signal::Spans));
    }

    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.unfinished.load(Ordering::Acquire) == 0
    }
}
