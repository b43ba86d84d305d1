use std::{sync::Arc, time::Duration};

use super::{Candidate, Layout, Reading, exemplar::Exemplars, pool::Pooled, writer::Shards};

/// Counts observations by size and sums them: one series of a histogram, classic and native at once.
///
/// An observation costs its thread two additions to numbers that no other thread writes, up to half of the cap on
/// shards; the others share the rest.
pub(crate) struct Histogram {
    layout: Arc<Layout>,
    shards: Shards<Pooled>,
    exemplars: Exemplars,
}

impl Histogram {
    pub(crate) fn new(layout: &Arc<Layout>) -> Self {
        Self {
            shards: Shards::new(),
            layout: Arc::clone(layout),
            exemplars: Exemplars::default(),
        }
    }

    #[inline]
    pub(crate) fn observe_duration(&self, duration: Duration, candidate: Option<&Candidate>) {
        self.observe(nanoseconds(duration), candidate);
    }

    /// Observes an amount in nanoseconds or bytes. `candidate` is what a sampled trace has to show for it.
    #[inline]
    pub(crate) fn observe(&self, amount: u64, candidate: Option<&Candidate>) {
        let cell = self.layout.cell(amount);
        self.shards.write(self.layout.shards(), |shard, access| {
            shard.observe(cell, amount, access);
        });
        if let Some(candidate) = candidate {
            let bucket = self.layout.bucket(cell);
            self.exemplars
                .offer(&self.layout, bucket, amount, candidate);
        }
    }

    pub(crate) fn read(&self, reading: &mut Reading) {
        loop {
            reading.clear(&self.layout);
            let mut shards = self.shards.written();
            if shards.all(|shard| shard.read(&self.layout, reading)) {
                break;
            }
        }
        if let Some(exemplars) = reading.exemplars_wanted() {
            self.exemplars.read(exemplars);
        }
    }

    /// How much was observed so far, read alone.
    pub(crate) fn count(&self) -> u64 {
        let mut reading = Reading::plain();
        self.read(&mut reading);
        reading.count()
    }

    /// Whether nothing was observed yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.shards.written().next().is_none()
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// Saturates after 584 years.
#[inline]
fn nanoseconds(duration: Duration) -> u64 {
    match duration.as_secs().checked_mul(1_000_000_000) {
        Some(seconds) => seconds.saturating_add(u64::from(duration.subsec_nanos())),
        None => u64::MAX,
    }
}

#[cfg(test)]
mod tests;
