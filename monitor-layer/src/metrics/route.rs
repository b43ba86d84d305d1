use std::{
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use http::StatusCode;

use super::{HttpMetricsBuilder, catalog, histogram::Histogram};
use crate::exchange::Outcome;

/// Statuses whose series stand at 0 before the first: a series that is born above 0 is invisible to `rate`.
const EXPECTED_FAILURES: [u16; 4] = [500, 502, 503, 504];

/// What is measured of one method of one route.
pub struct RouteInstruments {
    route: Box<str>,
    /// Few for each route, so that looking through them beats hashing.
    durations: RwLock<Vec<(StatusCode, Arc<Histogram>)>>,
    /// Made at the first request whose bytes are counted.
    pub(super) request_size: OnceLock<Histogram>,
    pub(super) response_size: Option<Histogram>,
    pub(super) response_start: Option<Histogram>,
}

impl RouteInstruments {
    pub(super) fn new(route: &str, options: HttpMetricsBuilder) -> Self {
        let histogram = |wanted: bool, definition| wanted.then(|| Histogram::new(definition));
        let expected = EXPECTED_FAILURES
            .into_iter()
            .filter_map(|status| StatusCode::from_u16(status).ok());
        Self {
            route: route.into(),
            durations: RwLock::new(expected.map(|status| (status, new_duration())).collect()),
            request_size: OnceLock::new(),
            response_size: histogram(options.response_sizes, &catalog::HTTP_RESPONSE_SIZE),
            response_start: histogram(options.response_start, &catalog::HTTP_RESPONSE_START),
        }
    }

    /// Whether these are the instruments of this route.
    pub(super) fn is_of(&self, route: &str) -> bool {
        *self.route == *route
    }

    pub(super) fn observe(&self, outcome: &Outcome<'_>) {
        let duration = match outcome.response_start {
            Some(start) if outcome.stream.is_some() => start,
            _ => outcome.elapsed,
        };
        self.observe_duration(outcome.status, duration);
        if let Some(bytes) = outcome.request_bytes {
            self.request_size
                .get_or_init(|| Histogram::new(&catalog::HTTP_REQUEST_SIZE))
                .observe(bytes);
        }
        let Some(start) = outcome.response_start else {
            return;
        };
        if let Some(histogram) = &self.response_size {
            histogram.observe(outcome.response_bytes);
        }
        if let Some(histogram) = &self.response_start {
            histogram.observe_duration(start);
        }
    }

    fn observe_duration(&self, status: StatusCode, duration: Duration) {
        let of_status = |durations: &[(StatusCode, Arc<Histogram>)]| {
            let known = durations.iter().find(|(known, _)| *known == status);
            known
                .inspect(|(_, histogram)| histogram.observe_duration(duration))
                .is_some()
        };
        if of_status(
            &self
                .durations
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        ) {
            return;
        }
        let mut durations = self
            .durations
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if !of_status(&durations) {
            let histogram = new_duration();
            histogram.observe_duration(duration);
            durations.push((status, histogram));
        }
    }

    pub(super) fn statuses(&self) -> Vec<(StatusCode, Arc<Histogram>)> {
        self.durations
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn new_duration() -> Arc<Histogram> {
    Arc::new(Histogram::new(&catalog::HTTP_REQUEST_DURATION))
}
