//! The series of each route, found without hashing its template and without a lock.

use std::{
    cell::Cell,
    hash::BuildHasher as _,
    sync::{Arc, Mutex, PoisonError},
};

use once_cell::race::OnceBox;

use super::{
    HttpExchange,
    builder::Options,
    method_number,
    own_label::{OwnIds, OwnLabels},
};
use crate::{
    exchange::{Outcome, Route as Template},
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
/// not fill the memory with them.
const MOST_DUPLICATES: u32 = 4096;
const FIRST_LEVEL: usize = 256;
/// Of the statuses of one route.
const FIRST_STATUSES: usize = 16;

pub(in crate::metrics) struct Routes {
    routes: AppendList<Route>,
    /// Of all routes, in the order in which they came.
    series: AppendList<Series>,
    /// By the address of its template, which the route holds, so that nothing else can come to lie there.
    by_address: Index<FIRST_LEVEL>,
    by_template: Index<FIRST_LEVEL>,
    /// Further templates of the same text, by their address.
    duplicates: AppendList<Duplicate>,
    by_duplicate: OnceBox<Index<FIRST_LEVEL>>,
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
    template: Option<Template>,
    /// Where its template lies.
    place: Option<(usize, usize)>,
    pub(super) labels: Labels,
    statuses: Index<FIRST_STATUSES>,
    /// Made at the first request whose bytes are counted.
    pub(super) request_size: OnceBox<Histogram>,
    /// Made with the route, where it is asked for.
    pub(super) response_size: Option<Box<Histogram>>,
    /// Made with the route, where it is asked for.
    pub(super) response_start: Option<Box<Histogram>>,
}

/// A template of the same text as a route's, which lies elsewhere.
struct Duplicate {
    template: Template,
    method: usize,
    route: u32,
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
            by_address: Index::default(),
            by_template: Index::default(),
            duplicates: AppendList::default(),
            by_duplicate: OnceBox::new(),
            growing: Mutex::default(),
            hasher: foldhash::fast::RandomState::default(),
            layouts,
            own: Arc::clone(&options.own),
            constant: Arc::clone(&options.constant),
        }
    }

    /// The number of a route that a request was matched by, with its series at 0.
    #[inline]
    pub(super) fn start(&self, method: usize, template: &Template, own: OwnIds) -> u32 {
        let (number, route) = self.route(method, Some(template));
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
        let known = exchange
            .route
            .filter(|known| known.is_still(outcome.route))
            .and_then(|known| self.routes.get(known.number));
        let route = match known {
            Some(known) => known,
            None => {
                let method = method_number(outcome.method);
                self.route(method, outcome.route).1
            }
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
    pub(super) fn find(
        &self,
        method: usize,
        template: &Template,
        status: http::StatusCode,
    ) -> &Series {
        let (_, route) = self.route(method, Some(template));
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
    fn route(&self, method: usize, template: Option<&Template>) -> (u32, &Route) {
        template
            .and_then(|template| self.find_by_address(method, template))
            .unwrap_or_else(|| self.route_elsewhere(method, template))
    }

    #[inline]
    fn find_by_address(&self, method: usize, template: &Template) -> Option<(u32, &Route)> {
        // Kept, for to get it again by its number costs as much as to find it.
        let found = Cell::new(None);
        let hash = address_hash(method, template);
        let number = self.by_address.find(hash, |number| {
            found.set(self.routes.get(number));
            let route = found.get();
            route.is_some_and(|route| route.is_at(method, template))
        })?;
        Some((number, found.get()?))
    }

    #[cold]
    fn route_elsewhere(&self, method: usize, template: Option<&Template>) -> (u32, &Route) {
        if let Some(template) = template
            && let Some(found) = self.find_by_duplicate(method, template)
        {
            return found;
        }
        let text = Template::label(template);
        let hash = self.hasher.hash_one((method, text));
        let kept = template.filter(|_| self.duplicates.len() < MOST_DUPLICATES);
        if kept.is_none()
            && let Some(found) = self.find_by_text(hash, method, text)
        {
            return found;
        }
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((number, route)) = self.find_by_text(hash, method, text) else {
            return self.push_route(hash, method, template);
        };
        if let Some(template) = kept.filter(|template| !route.is_at(method, template)) {
            let (duplicate, _) = self.duplicates.push(Duplicate {
                template: template.clone(),
                method,
                route: number,
            });
            let by_duplicate = self.by_duplicate.get_or_init(Box::default);
            by_duplicate.insert(address_hash(method, template), duplicate);
        }
        (number, route)
    }

    fn find_by_duplicate(&self, method: usize, template: &Template) -> Option<(u32, &Route)> {
        let is_it = |number| {
            let duplicate = self.duplicates.get(number);
            duplicate.is_some_and(|duplicate| {
                duplicate.method == method && duplicate.template.place() == template.place()
            })
        };
        let duplicate = self
            .by_duplicate
            .get()?
            .find(address_hash(method, template), is_it)?;
        let number = self.duplicates.get(duplicate)?.route;
        Some((number, self.routes.get(number)?))
    }

    fn find_by_text(&self, hash: u64, method: usize, text: &str) -> Option<(u32, &Route)> {
        let is_it = |number| {
            let route = self.routes.get(number);
            route.is_some_and(|route| route.method == method && route.text() == text)
        };
        let number = self.by_template.find(hash, is_it)?;
        Some((number, self.routes.get(number)?))
    }

    /// The caller holds the lock.
    fn push_route(&self, hash: u64, method: usize, template: Option<&Template>) -> (u32, &Route) {
        let (number, route) = self.routes.push(self.new_route(method, template.cloned()));
        self.push_expected_failures(route, OwnIds::default());
        self.by_template.insert(hash, number);
        if let Some(template) = template {
            self.by_address
                .insert(address_hash(method, template), number);
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
        // Kept, as above.
        let found = Cell::new(None);
        route.statuses.find(key.hash(), |number| {
            found.set(self.series.get(number));
            found.get().is_some_and(|series| series.key == key)
        })?;
        found.get()
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
            ("route", route.text()),
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

    fn new_route(&self, method: usize, template: Option<Template>) -> Route {
        let text = Template::label(template.as_ref());
        let pairs = [("method", METHODS[method]), ("route", text)];
        let layouts = &self.layouts;
        let histogram = |layout: &Option<Arc<Layout>>| {
            let histogram = layout.as_ref().map(Histogram::new);
            histogram.map(Box::new)
        };
        Route {
            method,
            labels: Labels::new(&self.constant, pairs),
            place: template.as_ref().map(Template::place),
            template,
            statuses: Index::default(),
            request_size: OnceBox::new(),
            response_size: histogram(&layouts.response_size),
            response_start: histogram(&layouts.response_start),
        }
    }
}

impl Route {
    fn text(&self) -> &str {
        Template::label(self.template.as_ref())
    }

    #[inline]
    fn is_at(&self, method: usize, template: &Template) -> bool {
        self.method == method && self.place == Some(template.place())
    }
}

#[cfg(all(feature = "server", feature = "testing"))]
impl Series {
    #[inline]
    pub(super) fn observe(&self, duration: std::time::Duration, candidate: Option<&Candidate>) {
        self.histogram.observe_duration(duration, candidate);
    }
}

impl Key {
    #[inline]
    fn hash(self) -> u64 {
        spread(u64::from(self.status) | self.own.bits() << 16)
    }
}

#[inline]
fn address_hash(method: usize, template: &Template) -> u64 {
    spread(template.address() as u64 ^ (method as u64) << 56)
}

/// Fibonacci hashing; the upper half of the product, which depends on all bits, becomes the lower one, too.
#[inline]
const fn spread(bits: u64) -> u64 {
    let product = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}
