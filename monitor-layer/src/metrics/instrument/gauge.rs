use std::sync::atomic::{AtomicU64, Ordering};

/// A number that goes up and down, absent until it is first set.
#[derive(Debug)]
pub(crate) struct Gauge(AtomicU64);

/// No number: what a gauge holds that nobody has set.
const UNSET: u64 = u64::MAX;

impl Default for Gauge {
    fn default() -> Self {
        Self(AtomicU64::new(UNSET))
    }
}

impl Gauge {
    pub(crate) fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Release);
    }

    /// One that nobody has set counts as 0. Nothing is lost where several add at once.
    #[cfg(feature = "server")]
    pub(crate) fn add(&self, value: f64) {
        let sum = |bits| match bits {
            UNSET => value,
            bits => f64::from_bits(bits) + value,
        };
        // It never gives up.
        let _ = (self.0).fetch_update(Ordering::AcqRel, Ordering::Relaxed, |bits| {
            Some(sum(bits).to_bits())
        });
    }

    pub(crate) fn value(&self) -> Option<f64> {
        let bits = self.0.load(Ordering::Acquire);
        (bits != UNSET).then(|| f64::from_bits(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_absent_until_set() {
        let gauge = Gauge::default();
        assert_eq!(gauge.value(), None);
        gauge.set(0.0);
        assert_eq!(gauge.value(), Some(0.0));
    }

    #[cfg(feature = "server")]
    #[test]
    fn what_is_added_at_once_is_not_lost() {
        let gauge = Gauge::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        gauge.add(2.0);
                        gauge.add(-1.0);
                    }
                });
            }
        });
        assert_eq!(gauge.value(), Some(40_000.0));
    }
}
