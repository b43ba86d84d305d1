use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::{catalog::OTHER, instrument::Counter};

/// In bytes.
const LONGEST: usize = 128;

/// How many values of one open label are told apart.
pub(super) struct Budget {
    label: String,
    limit: usize,
    admitted: Mutex<HashSet<Box<str>>>,
    overflows: Counter,
}

impl Budget {
    pub(super) fn new(label: &str, limit: usize) -> Self {
        Self {
            label: label.to_owned(),
            limit,
            admitted: Mutex::default(),
            overflows: Counter::default(),
        }
    }

    /// The value, or what stands for all those past the budget and for those that are no label any more, but a text: they
    /// would be kept, and written at every scrape.
    pub(super) fn admit<'a>(&self, value: &'a str) -> &'a str {
        if value.len() > LONGEST {
            self.overflows.add_one();
            return OTHER;
        }
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
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

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// How often it was hit.
    pub(super) fn overflows(&self) -> u64 {
        self.overflows.value()
    }
}
