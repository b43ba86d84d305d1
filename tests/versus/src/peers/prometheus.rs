//! `prometheus`: atomics in two shards that take turns at scrapes; a family hashes the label values under a lock.
//!
//! It is built with the features that monitor-layer asks of it: with `protobuf`, `gather` makes heavier structures.

use prometheus::{Histogram, HistogramOpts, HistogramVec, Registry};

use super::{HELP, NAME};
use crate::workload::BUCKETS;

/// A histogram without labels.
#[must_use]
pub fn histogram() -> Histogram {
    Histogram::with_opts(options()).unwrap()
}

/// A family by method, route and status, and its registry.
#[must_use]
pub fn family() -> (Registry, HistogramVec) {
    let registry = Registry::new();
    let family = HistogramVec::new(options(), &["method", "route", "status"]).unwrap();
    registry.register(Box::new(family.clone())).unwrap();
    (registry, family)
}

fn options() -> HistogramOpts {
    HistogramOpts::new(NAME, HELP).buckets(BUCKETS.to_vec())
}
