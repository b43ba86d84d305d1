use std::sync::Arc;

use super::Metrics;

/// An accepted connection, counted in `http_open_connections` for as long as this lives.
pub(crate) struct OpenConnection(Arc<Metrics>);

impl OpenConnection {
    pub(crate) fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.open_connections.add(1.0);
        Self(Arc::clone(metrics))
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open_connections.add(-1.0);
    }
}

impl Metrics {
    /// From here on there is a number of them, if only 0.
    pub(crate) fn count_connections(&self) {
        self.open_connections.add(0.0);
    }

    /// How many exchanges have arrived and are not over.
    pub(crate) fn active_requests(&self) -> u64 {
        self.http.instruments().active()
    }

    /// The steps that run, and how many times each.
    pub(crate) fn active_steps(&self) -> impl Iterator<Item = (&str, u64)> {
        let steps = (self.steps.iter()).map(|([step], metrics)| (step, metrics.active()));
        steps.filter(|(_, active)| *active > 0)
    }
}
