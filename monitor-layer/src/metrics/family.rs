use std::{
    hash::BuildHasher as _,
    sync::{Mutex, PoisonError},
};

use super::{
    append::{AppendList, Index},
    budget::Budget,
    catalog::{Definition, Label, Values},
};

/// The instruments of one metric, or of several that share their labels, by label values.
///
/// Found by comparing the values whole, so that no two share one, and without a lock.
pub(crate) struct Family<I, const N: usize> {
    metric: &'static str,
    budgets: [Option<Budget>; N],
    entries: AppendList<Entry<I, N>>,
    index: Index<FIRST_LEVEL>,
    growing: Mutex<()>,
    hasher: foldhash::fast::RandomState,
}

struct Entry<I, const N: usize> {
    values: [Box<str>; N],
    instrument: I,
}

const FIRST_LEVEL: usize = 16;

impl<I, const N: usize> Entry<I, N> {
    fn values(&self) -> [&str; N] {
        self.values.each_ref().map(|value| &**value)
    }
}

impl<I, const N: usize> Family<I, N> {
    /// A family of `definition` and of what shares these labels with it. `budget` bounds the values of open labels.
    pub(crate) fn new(definition: &Definition, labels: [Label; N], budget: usize) -> Self {
        let budgets = labels.map(|label| match label.values {
            Values::Budgeted => Some(Budget::new(label.name, budget)),
            Values::Closed(_) | Values::Code => None,
        });
        Self::with_budgets(definition.name, budgets)
    }

    /// A family of the metric of this name, each of whose labels has a budget or is bounded otherwise.
    pub(crate) fn with_budgets(metric: &'static str, budgets: [Option<Budget>; N]) -> Self {
        Self {
            metric,
            budgets,
            entries: AppendList::default(),
            index: Index::default(),
            growing: Mutex::default(),
            hasher: foldhash::fast::RandomState::default(),
        }
    }

    /// The instrument of these label values, made where there is none. Values past their budget share one, and `make`
    /// is told so.
    pub(crate) fn get_or_make(&self, values: [&str; N], make: impl FnOnce([&str; N]) -> I) -> &I {
        let (_, entry) = self.entry(values, make);
        &entry.instrument
    }

    /// The number of these label values, by which they are found again.
    pub(crate) fn number(&self, values: [&str; N], make: impl FnOnce([&str; N]) -> I) -> u32 {
        let (number, _) = self.entry(values, make);
        number
    }

    /// The label values of this number.
    pub(crate) fn values(&self, number: u32) -> Option<[&str; N]> {
        self.entries.get(number).map(Entry::values)
    }

    /// Every instrument there is, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ([&str; N], &I)> {
        self.entries
            .iter()
            .map(|entry| (entry.values(), &entry.instrument))
    }

    /// How often each budget was hit: metric, label, count.
    pub(crate) fn overflows(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.budgets
            .iter()
            .flatten()
            .map(|budget| (self.metric, budget.label(), budget.overflows()))
    }

    fn entry(&self, values: [&str; N], make: impl FnOnce([&str; N]) -> I) -> (u32, &Entry<I, N>) {
        self.find(values)
            .unwrap_or_else(|| self.make(self.within_budgets(values), make))
    }

    fn find(&self, values: [&str; N]) -> Option<(u32, &Entry<I, N>)> {
        let is_it = |number| {
            self.entries
                .get(number)
                .is_some_and(|entry| entry.values() == values)
        };
        let number = self.index.find(self.hash(values), is_it)?;
        Some((number, self.entries.get(number)?))
    }

    fn make(&self, values: [&str; N], make: impl FnOnce([&str; N]) -> I) -> (u32, &Entry<I, N>) {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have come first.
        if let Some(found) = self.find(values) {
            return found;
        }
        let (number, entry) = self.entries.push(Entry {
            values: values.map(Box::from),
            instrument: make(values),
        });
        self.index.insert(self.hash(values), number);
        (number, entry)
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

    fn hash(&self, values: [&str; N]) -> u64 {
        self.hasher.hash_one(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{
        catalog::{JOB_COST, JOB_END, NICHE, OTHER, RESOURCE},
        instrument::Counter,
    };

    fn family(budget: usize) -> Family<Counter, 3> {
        Family::new(&JOB_COST, [NICHE, JOB_END, RESOURCE], budget)
    }

    fn add_one(family: &Family<Counter, 3>, values: [&str; 3]) {
        family.get_or_make(values, |_| Counter::default()).add_one();
    }

    fn count(family: &Family<Counter, 3>, values: [&str; 3]) -> u64 {
        family.get_or_make(values, |_| Counter::default()).value()
    }

    #[test]
    fn values_that_read_alike_side_by_side_are_told_apart() {
        let family = family(10);
        for values in [["ab", "c", ""], ["a", "bc", ""], ["", "ab", "c"]] {
            add_one(&family, values);
            assert_eq!(count(&family, values), 1);
        }
    }

    #[test]
    fn values_past_the_budget_count_as_other() {
        let family = family(2);
        for niche in ["a", "b", "c", "d", "a", "c"] {
            add_one(&family, [niche, "COMPLETED", "gpu"]);
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
