//! The series of each route, found without hashing its template and without a lock.

use std::{
    hash::BuildHasher as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use once_cell::race::OnceBox;

use super::{
    HttpExchange,
    builder::Options,
    method_number,
    own_label::{OwnIds, OwnLabels},
};
use crate::{
    exchange::Outcome,
    metrics::{
        append::{AppendList, Index},
        catalog::METHODS,
        instrument::{Candidate, Histogram, Layout},
        labels::Labels,
    },
};

/// Statuses whose series stand at 0 before the first: a series that is born above 0 is invisible to `rate`.
const EXPECTED_FAILURES: [u16; 4] = [500, 502, 503, 504];
/// A router keeps its templates where they are; one that makes them anew for each request, as nested services do, must
/// not fill the memory with places that it left.
const MOST_POINTERS: usize = 4096;
const FIRST_LEVEL: usize = 64;
/// Of the statuses of one route.
const FIRST_STATUSES: usize = 8;

pub(in crate::metrics) struct Routes {
    routes: AppendList<Route>,
    /// Of all routes, in the order in which they came.
    series: AppendList<Series>,
    by_pointer: Index<FIRST_LEVEL>,
    by_template: Index<FIRST_LEVEL>,
    pointers: AtomicUsize,
    growing: Mutex<()>,
    hasher: foldhash::fast::RandomState,
    layouts: Layouts,
    own: Arc<OwnLabels>,
    constant: Arc<[(String, String)]>,
}

/// What histograms there are; `None` for those that nobody asked for.
pub(super) struct Layouts {
    pub(super) duration: Arc<Layout>,
    pub(super) request_size: Arc<Layout>,
    pub(super) response_size: Option<Arc<Layout>>,
    pub(super) response_start: Option<Arc<Layout>>,
}

/// What is measured of one method of one route.
pub(super) struct Route {
    method: usize,
    template: Box<str>,
    pub(super) labels: Labels,
    statuses: Index<FIRST_STATUSES>,
    /// Made at the first request whose bytes are counted.
    pub(super) request_size: OnceBox<Histogram>,
    /// Made with the route, where it is asked for.
    pub(super) response_size: Option<Box<Histogram>>,
    /// Made with the route, where it is asked for.
    pub(super) response_start: Option<Box<Histogram>>,
}

/// Durations of one status of a route.
pub(super) struct Series {
    key: Key,
    pub(super) labels: Labels,
    pub(super) histogram: Histogram,
}

#[derive(Clone, Copy, PartialEq)]
struct Key {
    status: u16,
    own: OwnIds,
}

impl Routes {
    pub(super) fn new(options: &Options, layouts: Layouts) -> Self {
        Self {
            routes: AppendList::default(),
            series: AppendList::default(),
            by_pointer: Index::default(),
            by_template: Index::default(),
            pointers: AtomicUsize::new(0),
            growing: Mutex::default(),
            hasher: foldhash::fast::RandomState::default(),
            layouts,
            own: Arc::clone(&options.own),
            constant: Arc::clone(&options.constant),
        }
    }

    /// The number of a route that a request was matched by, with its series at 0.
    #[inline]
    pub(super) fn start(&self, method: usize, template: &str, own: OwnIds) -> u32 {
        let (number, route) = self.route(method, template);
        // Without labels of the user's own they came with the route.
        if own != OwnIds::default() {
            let [status, ..] = EXPECTED_FAILURES;
            self.series_of(route, Key { status, own });
        }
        number
    }

    #[inline]
    pub(super) fn observe(
        &self,
        exchange: &HttpExchange,
        outcome: &Outcome<'_>,
        candidate: Option<&Candidate>,
    ) {
        let template = outcome.route_label();
        let method = method_number(outcome.method);
        let known = exchange
            .route
            .and_then(|number| self.routes.get(number))
            .filter(|route| route.is_of(method, template));
        let route = match known {
            Some(known) => known,
            None => self.route(method, template).1,
        };
        let key = Key {
            status: outcome.status.as_u16(),
            own: exchange.own,
        };
        let duration = match outcome.response_start {
            // How long a stream lives says nothing of how fast the service answers.
            Some(start) if outcome.stream.is_some() => start,
            _ => outcome.elapsed,
        };
        let series = self.series_of(route, key);
        series.histogram.observe_duration(duration, candidate);
        if let Some(bytes) = outcome.request_bytes {
            route
                .request_size
                .get_or_init(|| Box::new(Histogram::new(&self.layouts.request_size)))
                .observe(bytes, candidate);
        }
        if let Some(sizes) = &route.response_size
            && outcome.responded
        {
            sizes.observe(outcome.response_bytes, candidate);
        }
        if let (Some(starts), Some(start)) = (&route.response_start, outcome.response_start) {
            starts.observe_duration(start, candidate);
        }
    }

    /// The series of a request without labels of the user's own.
    #[cfg(all(feature = "server", feature = "testing"))]
    #[inline]
    pub(super) fn find(&self, method: usize, template: &str, status: http::StatusCode) -> &Series {
        let (_, route) = self.route(method, template);
        let status = status.as_u16();
        let own = OwnIds::default();
        self.series_of(route, Key { status, own })
    }

    /// Every route's, in the order in which they came.
    pub(super) fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }

    /// Every series there is now, in the order in which they came.
    pub(super) fn series(&self) -> impl Iterator<Item = &Series> {
        self.series.iter()
    }

    pub(super) const fn layouts(&self) -> &Layouts {
        &self.layouts
    }

    #[inline]
    fn route(&self, method: usize, template: &str) -> (u32, &Route) {
        // Whatever stands at this address now, it is compared.
        let found = self
            .by_pointer
            .find(pointer_hash(method, template), |number| {
                self.is_route(number, method, template)
            });
        if let Some(number) = found
            && let Some(route) = self.routes.get(number)
        {
            return (number, route);
        }
        self.route_at_new_place(method, template)
    }

    #[cold]
    fn route_at_new_place(&self, method: usize, template: &str) -> (u32, &Route) {
        let hash = self.template_hash(method, template);
        let find = || {
            let is_it = |number| self.is_route(number, method, template);
            let number = self.by_template.find(hash, is_it)?;
            Some((number, self.routes.get(number)?))
        };
        if self.pointers.load(Ordering::Relaxed) >= MOST_POINTERS
            && let Some(found) = find()
        {
            return found;
        }
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, route) = find().unwrap_or_else(|| {
            let (number, route) = self.routes.push(self.new_route(method, template));
            self.push_expected_failures(route, OwnIds::default());
            self.by_template.insert(hash, number);
            (number, route)
        });
        if self.pointers.fetch_add(1, Ordering::Relaxed) < MOST_POINTERS {
            self.by_pointer
                .insert(pointer_hash(method, template), number);
        }
        (number, route)
    }

    #[inline]
    fn series_of(&self, route: &Route, key: Key) -> &Series {
        self.find_series(route, key)
            .unwrap_or_else(|| self.make_series(route, key))
    }

    #[inline]
    fn find_series(&self, route: &Route, key: Key) -> Option<&Series> {
        let is_it = |number| {
            self.series
                .get(number)
                .is_some_and(|series| series.key == key)
        };
        self.series.get(route.statuses.find(key.hash(), is_it)?)
    }

    #[cold]
    fn make_series(&self, route: &Route, key: Key) -> &Series {
        let own = self.own.admit(key.own);
        let key = Key { own, ..key };
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have come first.
        if let Some(series) = self.find_series(route, key) {
            return series;
        }
        self.push_expected_failures(route, key.own);
        self.find_series(route, key)
            .unwrap_or_else(|| self.push_series(route, key))
    }

    /// Those of these labels that are not there. The caller holds the lock.
    fn push_expected_failures(&self, route: &Route, own: OwnIds) {
        for status in EXPECTED_FAILURES {
            let key = Key { status, own };
            if self.find_series(route, key).is_none() {
                self.push_series(route, key);
            }
        }
    }

    /// The caller holds the lock.
    fn push_series(&self, route: &Route, key: Key) -> &Series {
        let status = key.status.to_string();
        let pairs = [
            ("method", METHODS[route.method]),
            ("route", &*route.template),
            ("status", &*status),
        ];
        let own = self.own.pairs(key.own);
        let (number, series) = self.series.push(Series {
            key,
            labels: Labels::new(&self.constant, pairs.into_iter().chain(own)),
            histogram: Histogram::new(&self.layouts.duration),
        });
        route.statuses.insert(key.hash(), number);
        series
    }

    fn new_route(&self, method: usize, template: &str) -> Route {
        let pairs = [("method", METHODS[method]), ("route", template)];
        let layouts = &self.layouts;
        let histogram = |layout: &Option<Arc<Layout>>| {
            let histogram = layout.as_ref().map(Histogram::new);
            histogram.map(Box::new)
        };
        Route {
            method,
            template: template.into(),
            labels: Labels::new(&self.constant, pairs),
            statuses: Index::default(),
            request_size: OnceBox::new(),
            response_size: histogram(&layouts.response_size),
            response_start: histogram(&layouts.response_start),
        }
    }

    #[inline]
    fn is_route(&self, number: u32, method: usize, template: &str) -> bool {
        self.routes
            .get(number)
            .is_some_and(|route| route.is_of(method, template))
    }

    fn template_hash(&self, method: usize, template: &str) -> u64 {
        self.hasher.hash_one((method, template))
    }
}

#[cfg(all(feature = "server", feature = "testing"))]
impl Series {
    #[inline]
    pub(super) fn observe(&self, duration: std::time::Duration, candidate: Option<&Candidate>) {
        self.histogram.observe_duration(duration, candidate);
    }
}

impl Route {
    #[inline]
    fn is_of(&self, method: usize, template: &str) -> bool {
        self.method == method && *self.template == *template
    }
}

impl Key {
    #[inline]
    fn hash(self) -> u64 {
        spread(u64::from(self.status) | self.own.bits() << 16)
    }
}

#[inline]
fn pointer_hash(method: usize, template: &str) -> u64 {
    spread(template.as_ptr() as u64 ^ (template.len() as u64) << 48 ^ (method as u64) << 56)
}

/// Fibonacci hashing; the upper half of the product, which depends on all bits, becomes the lower one, too.
#[inline]
const fn spread(bits: u64) -> u64 {
    let product = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}
