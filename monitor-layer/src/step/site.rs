use std::{
    fmt,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::metrics::{Metrics, StepMetrics};

/// A function that is a step: its name, and the number under which each monitor keeps its instruments.
pub struct StepSite {
    name: &'static str,
    number: OnceLock<usize>,
}

impl StepSite {
    /// The site of a step of this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            number: OnceLock::new(),
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    fn number(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        *self
            .number
            .get_or_init(|| NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for StepSite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("StepSite").field(&self.name).finish()
    }
}

/// A monitor's instruments of each step, by the site's number: found without hashing its name.
#[derive(Default)]
pub(crate) struct SiteTable(RwLock<Vec<Option<Arc<StepMetrics>>>>);

impl SiteTable {
    pub(super) fn instruments(&self, site: &StepSite, metrics: &Metrics) -> Arc<StepMetrics> {
        let number = site.number();
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(Some(instruments)) = known.get(number) {
                return Arc::clone(instruments);
            }
        }
        let instruments = metrics.step(site.name);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() <= number {
            known.resize(number + 1, None);
        }
        known[number] = Some(Arc::clone(&instruments));
        instruments
    }
}
