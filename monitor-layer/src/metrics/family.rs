use std::{
    hash::{Hash, Hasher},
    sync::{Arc, PoisonError, RwLock},
};

use hashbrown::{Equivalent, HashMap, HashSet};

use super::{
    Counter,
    catalog::{Definition, Label, OTHER, Values},
};

/// The instruments of one metric, or of several that share their labels, by label values.
pub(crate) struct Family<I, const N: usize> {
    metric: &'static str,
    budgets: [Option<Budget>; N],
    instruments: RwLock<HashMap<LabelValues<N>, Arc<I>>>,
}

impl<I, const N: usize> Family<I, N> {
    /// A family of `definition` and of what shares these labels with it. `budget` bounds the values of open labels.
    pub(crate) fn new(definition: &Definition, labels: [Label; N], budget: usize) -> Self {
        Self {
            metric: definition.name,
            budgets: labels.map(|label| match label.values {
                Values::Budgeted => Some(Budget::new(label.name, budget)),
                Values::Closed(_) | Values::Code => None,
            }),
            instruments: RwLock::default(),
        }
    }

    /// The instrument of these label values, made where there is none. Values past their budget share one.
    pub(crate) fn get_or_make(&self, values: [&str; N], make: impl FnOnce() -> I) -> Arc<I> {
        if let Some(known) = self.find(values) {
            return known;
        }
        let values = self.within_budgets(values);
        let mut instruments = self
            .instruments
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let instrument = instruments
            .entry_ref(&Borrowed(values))
            .or_insert_with(|| Arc::new(make()));
        Arc::clone(instrument)
    }

    /// Lets `operation` use the instrument of these label values without counting a reference to it.
    pub(crate) fn with<R>(
        &self,
        values: [&str; N],
        make: impl FnOnce() -> I,
        operation: impl FnOnce(&I) -> R,
    ) -> R {
        {
            let instruments = self
                .instruments
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(instrument) = instruments.get(&Borrowed(values)) {
                return operation(instrument);
            }
        }
        operation(&self.get_or_make(values, make))
    }

    /// Every instrument there is, in no order.
    pub(crate) fn each(&self, mut visit: impl FnMut([&str; N], &I)) {
        let instruments = self
            .instruments
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for (values, instrument) in instruments.iter() {
            visit(values.0.each_ref().map(|value| &**value), instrument);
        }
    }

    /// How often each budget was hit: metric, label, count.
    pub(crate) fn overflows(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.budgets
            .iter()
            .flatten()
            .map(|budget| (self.metric, budget.label, budget.overflows.value()))
    }

    fn find(&self, values: [&str; N]) -> Option<Arc<I>> {
        self.instruments
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&Borrowed(values))
            .map(Arc::clone)
    }

    fn within_budgets<'a>(&self, values: [&'a str; N]) -> [&'a str; N] {
        let mut bounded = values;
        for (value, budget) in bounded.iter_mut().zip(&self.budgets) {
            if let Some(budget) = budget {
                *value = budget.admit(value);
            }
        }
        bounded
    }
}

/// How many values of one label are told apart.
struct Budget {
    label: &'static str,
    limit: usize,
    admitted: RwLock<HashSet<Box<str>>>,
    overflows: Counter,
}

impl Budget {
    fn new(label: &'static str, limit: usize) -> Self {
        Self {
            label,
            limit,
            admitted: RwLock::default(),
            overflows: Counter::default(),
        }
    }

    fn admit<'a>(&self, value: &'a str) -> &'a str {
        let mut admitted = self
            .admitted
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if value == OTHER || admitted.contains(value) {
            return value;
        }
        if admitted.len() < self.limit {
            admitted.insert(value.into());
            return value;
        }
        self.overflows.add_one();
        OTHER
    }
}

/// The label values of one instrument; compared whole, so that no two share one.
struct LabelValues<const N: usize>([Box<str>; N]);

struct Borrowed<'a, const N: usize>([&'a str; N]);

impl<const N: usize> PartialEq for LabelValues<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<const N: usize> Eq for LabelValues<N> {}

// Both forms hash alike: `str` writes its bytes and an end mark.
impl<const N: usize> Hash for LabelValues<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|value| value.hash(state));
    }
}

impl<const N: usize> Hash for Borrowed<'_, N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|value| value.hash(state));
    }
}

impl<const N: usize> Equivalent<LabelValues<N>> for Borrowed<'_, N> {
    fn equivalent(&self, key: &LabelValues<N>) -> bool {
        self.0
            .iter()
            .zip(&key.0)
            .all(|(value, key)| **value == **key)
    }
}

impl<const N: usize> From<&Borrowed<'_, N>> for LabelValues<N> {
    fn from(values: &Borrowed<'_, N>) -> Self {
        Self(values.0.map(Box::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::catalog::{JOB_COST, JOB_END, NICHE, RESOURCE};

    fn family(budget: usize) -> Family<Counter, 3> {
        Family::new(&JOB_COST, [NICHE, JOB_END, RESOURCE], budget)
    }

    fn count(family: &Family<Counter, 3>, values: [&str; 3]) -> u64 {
        family.get_or_make(values, Counter::default).value()
    }

    #[test]
    fn values_that_read_alike_side_by_side_are_told_apart() {
        let family = family(10);
        for values in [["ab", "c", ""], ["a", "bc", ""], ["", "ab", "c"]] {
            family.with(values, Counter::default, Counter::add_one);
            assert_eq!(count(&family, values), 1);
        }
    }

    #[test]
    fn values_past_the_budget_count_as_other() {
        let family = family(2);
        for niche in ["a", "b", "c", "d", "a", "c"] {
            family.with(
                [niche, "COMPLETED", "gpu"],
                Counter::default,
                Counter::add_one,
            );
        }
        assert_eq!(count(&family, ["a", "COMPLETED", "gpu"]), 2);
        assert_eq!(count(&family, ["b", "COMPLETED", "gpu"]), 1);
        assert_eq!(count(&family, [OTHER, "COMPLETED", "gpu"]), 3);
        let overflows: Vec<_> = family.overflows().collect();
        assert_eq!(
            overflows,
            [
                ("job_cost_usd_total", "niche", 3),
                ("job_cost_usd_total", "resource", 0)
            ]
        );
    }
}
