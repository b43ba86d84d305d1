use std::sync::atomic::{AtomicU64, Ordering};

use crate::metrics::InvalidAmount;

/// Sums amounts of money or credits: never less, never infinite.
#[derive(Debug, Default)]
pub(crate) struct Amounts(AtomicU64);

impl Amounts {
    /// Whether this can be added to anything.
    pub(crate) fn check(amount: f64) -> Result<(), InvalidAmount> {
        match amount.is_finite() && amount >= 0.0 {
            true => Ok(()),
            false => Err(InvalidAmount(amount)),
        }
    }

    pub(crate) fn add(&self, amount: f64) -> Result<(), InvalidAmount> {
        Self::check(amount)?;
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
}
