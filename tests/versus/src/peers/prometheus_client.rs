//! `prometheus-client`: a mutex around a histogram, a map of typed labels under a lock.
//!
//! Labels borrow text that lives as long as the process: nothing is copied to find a series.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
    registry::Registry,
};

use super::{HELP, NAME};
use crate::workload::{self, BUCKETS};

/// A family by method, route and status.
pub type Requests = Family<Labels, Histogram, fn() -> Histogram>;

/// The labels of one series.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct Labels {
    method: &'static str,
    route: &'static str,
    status: &'static str,
}

/// A histogram without labels.
#[must_use]
pub fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// A family and its registry.
#[must_use]
pub fn family() -> (Registry, Requests) {
    let mut registry = Registry::default();
    let family = Requests::new_with_constructor(histogram);
    registry.register(NAME, HELP.trim_end_matches('.'), family.clone());
    (registry, family)
}

impl From<&workload::Labels> for Labels {
    fn from(labels: &workload::Labels) -> Self {
        let [method, route, status] = labels.text;
        Self {
            method,
            route,
            status,
        }
    }
}
