//! The metrics of requests.

mod builder;
mod expose;
mod own_label;
mod routes;

use std::{fmt, sync::Arc};

use http::Method;

pub use self::{builder::HttpMetricsBuilder, own_label::LabelValues};
use self::{own_label::OwnIds, routes::Routes};
use super::{
    catalog::METHODS,
    family::Family,
    instrument::{Candidate, Counters, Histogram, Layout},
    labels::Labels,
    series::Series,
};
use crate::exchange::{
    Admission, End, GrpcStatus, Observe, Outcome, RequestHead, ResponseHead, Route,
};

/// The metrics of requests, in any `prometheus::Registry`.
///
/// `MonitorLayer` contains them; alone they are the observer of an [`ExchangeLayer`](crate::ExchangeLayer). The
/// registry's own encoders write them whole; with the feature `native-histograms` the protobuf encoder writes exemplars
/// and native buckets, too.
///
/// ```
/// use monitor_layer::{ExchangeLayer, HttpMetrics};
///
/// let registry = prometheus::Registry::new();
/// let metrics = HttpMetrics::builder()
///     .namespace("shop")
///     .constant_label("region", "eu")
///     .register(&registry)?;
/// let layer = ExchangeLayer::new(metrics);
/// # Ok::<_, monitor_layer::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct HttpMetrics {
    instruments: Arc<Instruments>,
}

pub(super) struct Instruments {
    /// Started, then ended in the order of `End::ALL`.
    counts: Counters<{ 1 + End::ALL.len() }>,
    routes: Routes,
    streams: Family<Series<Histogram>, 2>,
    stream_layout: Arc<Layout>,
    grpc: Family<GrpcCalls, 1>,
    options: builder::Options,
}

const STARTED: usize = 0;

/// gRPC calls of one route by status, in the order of `GrpcStatus::ALL`: all of them from the first call on, for a
/// series that is born above 0 is invisible to `rate`.
struct GrpcCalls {
    labels: [Labels; GrpcStatus::ALL.len()],
    counts: Counters<{ GrpcStatus::ALL.len() }>,
}

impl HttpMetrics {
    /// Durations, counts and outcomes, and what is asked for beside.
    pub fn builder() -> HttpMetricsBuilder {
        HttpMetricsBuilder::default()
    }

    pub(super) fn instruments(&self) -> &Arc<Instruments> {
        &self.instruments
    }
}

/// What is kept of one exchange.
#[derive(Debug)]
pub struct HttpExchange {
    /// The route that is known when it is admitted, whose series are there before the first end.
    route: Option<KnownRoute>,
    own: OwnIds,
}

#[derive(Clone, Copy, Debug)]
struct KnownRoute {
    number: u32,
    /// Of its template, which the exchange holds until it is over.
    address: usize,
}

impl KnownRoute {
    /// Whether nobody further in has named another one since.
    #[inline]
    fn is_still(self, route: Option<&Route>) -> bool {
        route.is_some_and(|route| route.address() == self.address)
    }
}

impl Observe for HttpMetrics {
    type Exchange = HttpExchange;

    #[inline]
    fn times_response_start(&self) -> bool {
        self.instruments.routes.layouts().response_start.is_some()
    }

    #[inline]
    fn start(&self, request: &RequestHead<'_>) -> Self::Exchange {
        HttpExchange {
            route: None,
            own: self.instruments.options.own.read_request(request),
        }
    }

    #[inline]
    fn admit(&self, exchange: &mut Self::Exchange, admission: &Admission<'_>) {
        let instruments = &*self.instruments;
        instruments.counts.add_one(STARTED);
        exchange.route = admission.route.map(|route| {
            let method = method_number(admission.method);
            KnownRoute {
                number: instruments.routes.start(method, route, exchange.own),
                address: route.address(),
            }
        });
    }

    #[inline]
    fn head(&self, exchange: &mut Self::Exchange, response: &ResponseHead<'_>) {
        let own = &self.instruments.options.own;
        own.read_response(response, &mut exchange.own);
    }

    #[inline]
    fn end(&self, exchange: Self::Exchange, outcome: &Outcome<'_>) {
        let failed =
            outcome.status.is_server_error() || matches!(outcome.end, End::Failed | End::Panicked);
        let candidate = Candidate::current(failed);
        let instruments = &*self.instruments;
        instruments
            .routes
            .observe(&exchange, outcome, candidate.as_ref());
        if outcome.stream.is_some() || outcome.grpc_status.is_some() {
            instruments.observe_stream(outcome, candidate.as_ref());
        }
        instruments.counts.add_one(1 + outcome.end as usize);
    }
}

impl Instruments {
    /// Finds the series of a request and observes how long it took.
    #[cfg(all(feature = "server", feature = "testing"))]
    pub(super) fn observe(
        &self,
        method: &Method,
        route: &Route,
        status: http::StatusCode,
        duration: std::time::Duration,
        candidate: Option<&Candidate>,
    ) {
        let series = self.routes.find(method_number(method), route, status);
        series.observe(duration, candidate);
    }

    #[cold]
    fn observe_stream(&self, outcome: &Outcome<'_>, candidate: Option<&Candidate>) {
        let route = outcome.route_label();
        let labels = |label, value| {
            let pairs = [("route", route), (label, value)];
            Labels::new(&self.options.constant, pairs)
        };
        if let Some(kind) = outcome.stream {
            let streams = self
                .streams
                .get_or_make([route, kind.as_str()], |_| Series {
                    labels: labels("kind", kind.as_str()),
                    instrument: Histogram::new(&self.stream_layout),
                });
            let life = &streams.instrument;
            life.observe_duration(outcome.elapsed, candidate);
        }
        if let Some(status) = outcome.grpc_status {
            let calls = self.grpc.get_or_make([route], |_| GrpcCalls {
                labels: GrpcStatus::ALL.map(|status| labels("grpc_status", status.as_str())),
                counts: Counters::new(self.options.shards),
            });
            calls.counts.add_one(status as usize);
        }
    }
}

/// One of the nine of RFC 9110 and RFC 5789.
#[inline]
pub(crate) fn known_method(method: &Method) -> Option<&'static str> {
    let (_, known) = METHODS.split_last()?;
    known.get(method_number(method)).copied()
}

/// The place of a method's label value among all there are.
#[inline]
pub(in crate::metrics) fn method_number(method: &Method) -> usize {
    match *method {
        Method::GET => 0,
        Method::HEAD => 1,
        Method::POST => 2,
        Method::PUT => 3,
        Method::DELETE => 4,
        Method::CONNECT => 5,
        Method::OPTIONS => 6,
        Method::TRACE => 7,
        Method::PATCH => 8,
        _ => METHODS.len() - 1,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_clients_invent_is_other() {
        let label = |text: &[u8]| METHODS[method_number(&Method::from_bytes(text).unwrap())];
        for known in &METHODS {
            assert_eq!(label(known.as_bytes()), *known);
        }
        assert_eq!(label(b"get"), "_OTHER");
        assert_eq!(label(b"BREW"), "_OTHER");
    }
}
