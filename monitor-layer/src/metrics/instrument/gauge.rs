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
}
