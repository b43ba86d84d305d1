//! Instruments without what is around them, for benchmarks; no part of the public interface.

use std::{sync::Arc, time::Duration};

#[cfg(feature = "server")]
use http::{Method, StatusCode};

#[cfg(feature = "server")]
use super::http::{HttpMetrics, HttpMetricsBuilder};
use super::{
    catalog,
    instrument::{Candidate, Histogram, Layout},
};
#[cfg(feature = "server")]
use crate::exchange::Route;
use crate::trace::TraceContext;

/// One series of `http_request_duration_seconds`.
pub struct DurationHistogram(Histogram);

impl DurationHistogram {
    /// A series that nobody has written to.
    #[must_use]
    pub fn new() -> Self {
        let definition = &catalog::HTTP_REQUEST_DURATION;
        let layout = Layout::new(
            definition.kind,
            definition.bounds(),
            super::instrument::DEFAULT_SHARDS,
        );
        Self(Histogram::new(&Arc::new(layout)))
    }

    /// Observes a duration; with an exemplar where the trace is sampled.
    #[inline]
    pub fn observe(&self, duration: Duration, context: Option<&TraceContext>) {
        let candidate = context.and_then(|context| Candidate::of(context, false));
        self.0.observe_duration(duration, candidate.as_ref());
    }
}

impl Default for DurationHistogram {
    fn default() -> Self {
        Self::new()
    }
}

/// The durations of requests, by method, route and status: a family as peers have it, without the counter beside it.
#[cfg(feature = "server")]
pub struct RequestSeries {
    metrics: HttpMetrics,
    registry: prometheus::Registry,
}

#[cfg(feature = "server")]
impl RequestSeries {
    /// No series yet, in a registry of their own.
    ///
    /// # Panics
    ///
    /// Never: a new registry takes them.
    #[must_use]
    pub fn new() -> Self {
        let registry = prometheus::Registry::new();
        let Ok(metrics) = HttpMetricsBuilder::default()
            .without(catalog::HTTP_REQUESTS.name)
            .register(&registry)
        else {
            unreachable!("a new registry has no metrics")
        };
        Self { metrics, registry }
    }

    /// Finds the series and observes a duration.
    #[inline]
    pub fn observe(
        &self,
        method: &Method,
        route: &Route,
        status: StatusCode,
        duration: Duration,
        context: Option<&TraceContext>,
    ) {
        let candidate = context.and_then(|context| Candidate::of(context, false));
        let instruments = self.metrics.instruments();
        instruments.observe(method, route, status, duration, candidate.as_ref());
    }

    /// The exposition in the text format 0.0.4, in the room of what was there.
    pub fn text(&self, out: &mut Vec<u8>) {
        super::exposition::write(&self.registry, super::Format::Text, out);
    }
}

#[cfg(feature = "server")]
impl Default for RequestSeries {
    fn default() -> Self {
        Self::new()
    }
}
