use std::{fmt, sync::Arc};

use http::Method;
use prometheus::proto::MetricFamily;

use super::{
    Counter, RegisterError,
    catalog::{self, METHODS},
    family::Family,
    gathered::{Samples, closed, single},
    register::register,
    route::RouteInstruments,
};
use crate::exchange::{Admission, End, Observe, Outcome, RequestHead};

/// The metrics of requests, in any `prometheus::Registry`.
///
/// `MonitorLayer` contains them; alone they are the observer of an [`ExchangeLayer`](crate::ExchangeLayer).
///
/// ```
/// use monitor_layer::{ExchangeLayer, HttpMetrics};
///
/// let registry = prometheus::Registry::new();
/// let layer = ExchangeLayer::new(HttpMetrics::builder().register(&registry)?);
/// # Ok::<_, monitor_layer::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct HttpMetrics {
    instruments: Arc<Instruments>,
}

/// Says what [`HttpMetrics`] are to measure beside durations, counts and outcomes.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a builder does nothing until `register`"]
pub struct HttpMetricsBuilder {
    pub(super) response_sizes: bool,
    pub(super) response_start: bool,
}

struct Instruments {
    routes: Family<RouteInstruments, 2>,
    started: Counter,
    /// In the order of `End::ALL`.
    ended: [Counter; End::ALL.len()],
    options: HttpMetricsBuilder,
}

impl HttpMetricsBuilder {
    /// Measures `http_response_size_bytes` too.
    pub fn response_sizes(self) -> Self {
        Self {
            response_sizes: true,
            ..self
        }
    }

    /// Measures `http_response_start_seconds` too.
    pub fn response_start(self) -> Self {
        Self {
            response_start: true,
            ..self
        }
    }

    /// Makes the metrics, to be gathered by this registry.
    ///
    /// # Errors
    ///
    /// [`RegisterError`] where the registry has a metric of one of these names.
    pub fn register(self, registry: &prometheus::Registry) -> Result<HttpMetrics, RegisterError> {
        let metrics = self.build();
        let collected = metrics.clone();
        register(registry, &catalog::HTTP, move || collected.collect())?;
        Ok(metrics)
    }

    pub(super) fn build(self) -> HttpMetrics {
        HttpMetrics {
            instruments: Arc::new(Instruments {
                // Methods are closed and templates bounded by code: neither has a budget.
                routes: Family::new(
                    &catalog::HTTP_REQUEST_DURATION,
                    [catalog::METHOD, catalog::ROUTE],
                    usize::MAX,
                ),
                started: Counter::default(),
                ended: Default::default(),
                options: self,
            }),
        }
    }
}

impl HttpMetrics {
    /// Durations, counts and outcomes, and what is asked for beside.
    pub fn builder() -> HttpMetricsBuilder {
        HttpMetricsBuilder::default()
    }

    pub(super) fn collect(&self) -> Vec<MetricFamily> {
        let instruments = &self.instruments;
        // The ends first: what ends in between is still active then, and nothing has ended that has not started.
        let ended = instruments.ended.each_ref().map(Counter::value);
        let started = instruments.started.value();
        let mut durations = Samples::of(&catalog::HTTP_REQUEST_DURATION);
        let mut requests = Samples::of(&catalog::HTTP_REQUESTS);
        let mut request_sizes = Samples::of(&catalog::HTTP_REQUEST_SIZE);
        let mut response_sizes = Samples::of(&catalog::HTTP_RESPONSE_SIZE);
        let mut response_starts = Samples::of(&catalog::HTTP_RESPONSE_START);
        instruments
            .routes
            .each(|labels @ [method, route], measured| {
                for (status, duration) in measured.statuses() {
                    let labels = [method, route, status.as_str()];
                    let snapshot = duration.snapshot();
                    // From one reading, so that the two agree at every scrape.
                    requests.add(&labels, snapshot.count() as f64);
                    if snapshot.count() > 0 {
                        durations.add_histogram(&labels, &snapshot);
                    }
                }
                for (samples, histogram) in [
                    (&mut request_sizes, measured.request_size.get()),
                    (&mut response_sizes, measured.response_size.as_ref()),
                    (&mut response_starts, measured.response_start.as_ref()),
                ] {
                    if let Some(histogram) = histogram {
                        samples.add_histogram(&labels, &histogram.snapshot());
                    }
                }
            });
        vec![
            durations.family(),
            requests.family(),
            single(
                &catalog::HTTP_ACTIVE,
                started.saturating_sub(ended.iter().sum()) as f64,
            ),
            single(&catalog::HTTP_STARTED, started as f64),
            closed(
                &catalog::HTTP_OUTCOMES,
                End::ALL
                    .iter()
                    .zip(ended)
                    .map(|(end, count)| (end.as_str(), count as f64)),
            ),
            request_sizes.family(),
            response_sizes.family(),
            response_starts.family(),
        ]
    }

    fn instruments(&self, method: &Method, route: &str) -> Arc<RouteInstruments> {
        let options = self.instruments.options;
        self.instruments
            .routes
            .get_or_make([method_label(method), route], || {
                RouteInstruments::new(route, options)
            })
    }
}

impl fmt::Debug for HttpMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpMetrics")
            .field("options", &self.instruments.options)
            .finish_non_exhaustive()
    }
}

impl Observe for HttpMetrics {
    /// Those of the route that is known when it is admitted, whose series are there before the first end.
    type Exchange = Option<Arc<RouteInstruments>>;

    fn start(&self, _request: &RequestHead<'_>) -> Self::Exchange {
        None
    }

    fn admit(&self, known: &mut Self::Exchange, admission: &Admission<'_>) {
        self.instruments.started.add_one();
        *known = admission
            .route
            .map(|route| self.instruments(admission.method, route.as_str()));
    }

    fn end(&self, known: Self::Exchange, outcome: &Outcome<'_>) {
        let route = outcome.route_label();
        let known = known.filter(|known| known.is_of(route));
        let measured = known.unwrap_or_else(|| self.instruments(outcome.method, route));
        measured.observe(outcome);
        self.instruments.ended[outcome.end as usize].add_one();
    }
}

fn method_label(method: &Method) -> &'static str {
    let known = METHODS.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or(METHODS[METHODS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_clients_invent_is_other() {
        let method = |text: &[u8]| method_label(&Method::from_bytes(text).unwrap());
        assert_eq!(method(b"PATCH"), "PATCH");
        assert_eq!(method(b"get"), "_OTHER");
        assert_eq!(method(b"BREW"), "_OTHER");
        assert_eq!(method(b"_OTHER"), "_OTHER");
    }
}
