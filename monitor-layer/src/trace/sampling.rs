use std::fmt;

use super::{TraceId, forced::ForcedLimit};

/// The values that the random part of a trace id can take: 56 bits (W3C Trace Context level 2, 3.2.2.3.2).
const RANDOM_VALUES: u64 = 1 << 56;
const DEFAULT_RATIO: f64 = 0.1;

/// Decides which traces are recorded: the caller's decision where there is one, else a ratio of the trace id, which may
/// be another one for some routes.
///
/// What a smaller ratio samples, a larger one samples too, here and in every service that decides alike.
///
/// ```
/// use monitor_layer::{Sampler, TraceContextLayer};
///
/// let sampler = Sampler::ratio(0.01)?.route("/checkout/{id}", 1.0)?.route("/poll", 0.0)?;
/// let layer = TraceContextLayer::new(sampler);
/// # Ok::<_, monitor_layer::InvalidRatio>(())
/// ```
pub struct Sampler {
    threshold: Threshold,
    routes: Vec<(Box<str>, Threshold)>,
    forced: ForcedLimit,
}

impl Sampler {
    /// Samples this share of new traces, from 0 to 1.
    ///
    /// # Errors
    ///
    /// [`InvalidRatio`] where it is no number from 0 to 1.
    pub fn ratio(ratio: f64) -> Result<Self, InvalidRatio> {
        Ok(Self {
            threshold: Threshold::of(ratio)?,
            routes: Vec::new(),
            forced: ForcedLimit::default(),
        })
    }

    /// Samples another share of the new traces that begin at this route, by its template as `/jobs/{id}`. It has to be
    /// known where the layer stands, as it is for a layer of the router that has it; a caller's decision is respected
    /// there as elsewhere.
    ///
    /// # Errors
    ///
    /// [`InvalidRatio`] where it is no number from 0 to 1.
    pub fn route(
        mut self,
        template: impl Into<Box<str>>,
        ratio: f64,
    ) -> Result<Self, InvalidRatio> {
        self.routes.push((template.into(), Threshold::of(ratio)?));
        Ok(self)
    }

    /// Whether a new trace of this id is sampled.
    #[must_use]
    pub fn decide(&self, trace_id: TraceId) -> bool {
        self.at(None).decide(trace_id)
    }

    /// Whether a caller's trace is sampled here: as the caller says, but of those that our own ratio would leave
    /// out, at most 100 a second, so that nobody can flood what records them.
    #[must_use]
    pub fn decide_with_parent(&self, trace_id: TraceId, sampled: bool) -> bool {
        self.at(None).decide_with_parent(trace_id, sampled)
    }

    /// As it decides at this route; the last that was said of it counts.
    pub(crate) fn at(&self, route: Option<&str>) -> RouteSampler<'_> {
        let own = route.and_then(|route| {
            let mut routes = self.routes.iter().rev();
            routes.find(|(template, _)| **template == *route)
        });
        RouteSampler {
            threshold: own.map_or(self.threshold, |(_, threshold)| *threshold),
            forced: &self.forced,
        }
    }

    /// Whether it has to be told the route.
    pub(crate) const fn reads_route(&self) -> bool {
        !self.routes.is_empty()
    }
}

/// A [`Sampler`] at one route.
#[derive(Clone, Copy)]
pub(crate) struct RouteSampler<'a> {
    threshold: Threshold,
    forced: &'a ForcedLimit,
}

impl RouteSampler<'_> {
    pub(crate) fn decide(self, trace_id: TraceId) -> bool {
        self.threshold.admits(trace_id)
    }

    pub(crate) fn decide_with_parent(self, trace_id: TraceId, sampled: bool) -> bool {
        // Without a look at the clock or at what threads share, where our own ratio says yes, too.
        sampled && (self.decide(trace_id) || self.forced.admit())
    }
}

/// A share of all traces, by their ids: random parts at or above it are within.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threshold(u64);

impl Threshold {
    pub(crate) fn of(ratio: f64) -> Result<Self, InvalidRatio> {
        if !(0.0..=1.0).contains(&ratio) {
            return Err(InvalidRatio(ratio));
        }
        Ok(Self::of_valid(ratio))
    }

    pub(crate) fn admits(self, trace_id: TraceId) -> bool {
        trace_id.randomness() >= self.0
    }

    const fn of_valid(ratio: f64) -> Self {
        Self(RANDOM_VALUES - (ratio * RANDOM_VALUES as f64) as u64)
    }

    fn ratio(self) -> f64 {
        (RANDOM_VALUES - self.0) as f64 / RANDOM_VALUES as f64
    }
}

/// A tenth of new traces.
impl Default for Sampler {
    fn default() -> Self {
        Self {
            threshold: Threshold::of_valid(DEFAULT_RATIO),
            routes: Vec::new(),
            forced: ForcedLimit::default(),
        }
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.routes.iter();
        let routes: Vec<_> = routes
            .map(|(template, own)| (template, own.ratio()))
            .collect();
        formatter
            .debug_struct("Sampler")
            .field("ratio", &self.threshold.ratio())
            .field("routes", &routes)
            .finish()
    }
}

/// A share of all traces that is no number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvalidRatio(pub(crate) f64);

impl fmt::Display for InvalidRatio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the sample ratio is {}; expected a number from 0 to 1",
            self.0
        )
    }
}

impl std::error::Error for InvalidRatio {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_keeps_its_share() {
        for ratio in [0.0, 0.01, 0.5, 1.0] {
            let sampler = Sampler::ratio(ratio).unwrap();
            let kept = (0..20_000)
                .filter(|_| sampler.decide(TraceId::generate()))
                .count() as f64;
            assert!((kept / 20_000.0 - ratio).abs() < 0.02, "{ratio}: {kept}");
        }
    }

    #[test]
    fn what_a_smaller_ratio_samples_a_larger_one_samples_too() {
        let (small, large) = (Sampler::ratio(0.1).unwrap(), Sampler::ratio(0.3).unwrap());
        for _ in 0..10_000 {
            let id = TraceId::generate();
            assert!(!small.decide(id) || large.decide(id));
        }
    }

    #[test]
    fn a_ratio_outside_of_0_to_1_is_an_error_that_says_so() {
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let error = Sampler::ratio(bad).unwrap_err().to_string();
            assert!(error.ends_with("expected a number from 0 to 1"), "{error}");
        }
    }

    #[test]
    fn a_caller_s_no_is_respected() {
        let sampler = Sampler::ratio(1.0).unwrap();
        assert!(!sampler.decide_with_parent(TraceId::generate(), false));
    }

    #[test]
    fn what_our_own_ratio_samples_does_not_count_as_forced() {
        let sampler = Sampler::ratio(1.0).unwrap();
        assert!((0..1_000).all(|_| sampler.decide_with_parent(TraceId::generate(), true)));
    }

    #[test]
    fn a_route_has_its_own_ratio_for_new_traces_and_for_what_callers_force() {
        let sampler = Sampler::ratio(0.0).unwrap();
        let sampler = sampler.route("/checkout", 0.0).unwrap();
        let sampler = sampler.route("/checkout", 1.0).unwrap();
        let id = TraceId::generate();
        assert!(sampler.at(Some("/checkout")).decide(id));
        assert!(!sampler.at(Some("/check")).decide(id));
        assert!(!sampler.at(None).decide(id) && !sampler.decide(id));
        let at_route = sampler.at(Some("/checkout"));
        assert!((0..1_000).all(|_| at_route.decide_with_parent(id, true)));
        assert!(!at_route.decide_with_parent(id, false));
    }

    #[test]
    fn a_route_s_ratio_is_checked_like_any() {
        let sampler = Sampler::default().route("/", 2.0);
        assert_eq!(sampler.unwrap_err(), InvalidRatio(2.0));
    }
}
