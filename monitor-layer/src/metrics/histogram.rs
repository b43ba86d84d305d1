use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::catalog::{Definition, Kind};

const NANOSECONDS: f64 = 1e9;

/// Counts observations by size and sums them, in whole nanoseconds or bytes, so that the sum does not drift.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [f64],
    /// How many of what is summed make one of what is shown.
    scale: f64,
    /// One for each bound, and one for what is past the last.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A histogram at one moment.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) bounds: &'static [f64],
    /// Not cumulative; one more than there are bounds.
    pub(crate) counts: Vec<u64>,
    pub(crate) sum: f64,
}

impl Histogram {
    pub(crate) fn new(definition: &Definition) -> Self {
        let (bounds, scale) = match definition.kind {
            Kind::Seconds(bounds) => (bounds, NANOSECONDS),
            Kind::Bytes(bounds) => (bounds, 1.0),
            Kind::Counter | Kind::Gauge => (&[][..], 1.0),
        };
        Self {
            bounds,
            scale,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    pub(crate) fn observe_duration(&self, duration: Duration) {
        self.observe(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn observe(&self, amount: u64) {
        let shown = amount as f64 / self.scale;
        let bucket = self.bounds.partition_point(|bound| *bound < shown);
        self.sum.fetch_add(amount, Ordering::Relaxed);
        self.counts[bucket].fetch_add(1, Ordering::Release);
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            bounds: self.bounds,
            counts: self
                .counts
                .iter()
                .map(|count| count.load(Ordering::Acquire))
                .collect(),
            sum: self.sum.load(Ordering::Relaxed) as f64 / self.scale,
        }
    }
}

impl Snapshot {
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::catalog::{HEALTH_DURATION, HTTP_RESPONSE_SIZE};

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::new(&HEALTH_DURATION);
        histogram.observe_duration(Duration::from_millis(5));
        histogram.observe_duration(Duration::from_nanos(5_000_001));
        histogram.observe_duration(Duration::from_secs(6));
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.counts, [0, 1, 1, 0, 0, 0, 0, 0, 1]);
        assert_eq!(snapshot.count(), 3);
        assert_eq!(snapshot.sum, 6.010_000_001);
    }

    #[test]
    fn bytes_are_summed_as_they_are() {
        let histogram = Histogram::new(&HTTP_RESPONSE_SIZE);
        histogram.observe(0);
        histogram.observe(65);
        let snapshot = histogram.snapshot();
        assert_eq!((snapshot.counts[0], snapshot.counts[1]), (1, 1));
        assert_eq!(snapshot.sum, 65.0);
    }

    #[test]
    fn many_small_observations_do_not_drift() {
        let histogram = Histogram::new(&HEALTH_DURATION);
        for _ in 0..100_000 {
            histogram.observe_duration(Duration::from_micros(100));
        }
        assert_eq!(histogram.snapshot().sum, 10.0);
    }
}
