use std::sync::atomic::{AtomicU64, Ordering};

use super::InvalidAmount;

/// Counts events.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add_one(&self) {
        // Release, so that who reads one counter and then another sees no effect before its cause.
        self.0.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Sums amounts of money or credits: never less, never infinite.
#[derive(Debug, Default)]
pub(crate) struct Amounts(AtomicU64);

impl Amounts {
    pub(crate) fn add(&self, amount: f64) -> Result<(), InvalidAmount> {
        if !amount.is_finite() || amount.is_sign_negative() && amount != 0.0 {
            return Err(InvalidAmount(amount));
        }
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |sum| {
                let sum = f64::from_bits(sum) + amount.abs();
                sum.is_finite().then_some(sum.to_bits())
            })
            .map(|_| ())
            .map_err(|_| InvalidAmount(amount))
    }

    pub(crate) fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Acquire))
    }
}

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
    fn what_is_no_amount_is_refused_and_changes_nothing() {
        let amounts = Amounts::default();
        amounts.add(2.5).unwrap();
        amounts.add(-0.0).unwrap();
        for refused in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.01] {
            assert!(amounts.add(refused).is_err());
        }
        amounts.add(f64::MAX).unwrap();
        assert!(amounts.add(f64::MAX).is_err(), "a sum past all numbers");
        assert_eq!(amounts.value(), f64::MAX);
    }

    #[test]
    fn a_gauge_is_absent_until_set() {
        let gauge = Gauge::default();
        assert_eq!(gauge.value(), None);
        gauge.set(0.0);
        assert_eq!(gauge.value(), Some(0.0));
    }
}
