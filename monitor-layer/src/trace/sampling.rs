use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use super::TraceId;

/// The values that the random part of a trace id can take: 56 bits (W3C Trace Context level 2, 3.2.2.3.2).
const RANDOM_VALUES: u64 = 1 << 56;
const DEFAULT_RATIO: f64 = 0.1;
/// Traces a second that callers may have sampled past our own ratio.
const FORCED_PER_SECOND: u32 = 100;

/// Decides which traces are recorded: the caller's decision where there is one, else a ratio of the trace id.
///
/// What a smaller ratio samples, a larger one samples too, here and in every service that decides alike.
pub struct Sampler {
    /// Random parts at or above it are sampled.
    threshold: u64,
    forced: ForcedLimit,
}

impl Sampler {
    /// Samples this share of new traces, from 0 to 1.
    ///
    /// # Errors
    ///
    /// [`InvalidRatio`] where it is no number from 0 to 1.
    pub fn ratio(ratio: f64) -> Result<Self, InvalidRatio> {
        if !(0.0..=1.0).contains(&ratio) {
            return Err(InvalidRatio(ratio));
        }
        let kept = (ratio * RANDOM_VALUES as f64) as u64;
        Ok(Self {
            threshold: RANDOM_VALUES - kept,
            forced: ForcedLimit::default(),
        })
    }

    /// Whether a new trace of this id is sampled.
    #[must_use]
    pub fn decide(&self, trace_id: TraceId) -> bool {
        trace_id.randomness() >= self.threshold
    }

    /// Whether a caller's trace is sampled here: as the caller says, but of those that our own ratio would leave
    /// out, at most 100 a second, so that nobody can flood what records them.
    #[must_use]
    pub fn decide_with_parent(&self, trace_id: TraceId, sampled: bool) -> bool {
        sampled && (self.decide(trace_id) || self.forced.admit(self.forced.second()))
    }
}

/// A tenth of new traces.
impl Default for Sampler {
    fn default() -> Self {
        Self {
            threshold: RANDOM_VALUES - (DEFAULT_RATIO * RANDOM_VALUES as f64) as u64,
            forced: ForcedLimit::default(),
        }
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratio = (RANDOM_VALUES - self.threshold) as f64 / RANDOM_VALUES as f64;
        formatter
            .debug_struct("Sampler")
            .field("ratio", &ratio)
            .finish()
    }
}

/// A sample ratio that is no number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvalidRatio(f64);

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

/// Counts within the running second: the second in the upper half, the count in the lower.
struct ForcedLimit {
    start: Instant,
    window: AtomicU64,
}

impl Default for ForcedLimit {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            window: AtomicU64::new(0),
        }
    }
}

impl ForcedLimit {
    fn second(&self) -> u32 {
        self.start.elapsed().as_secs() as u32
    }

    fn admit(&self, second: u32) -> bool {
        self.window
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |window| {
                let (running, count) = ((window >> 32) as u32, window as u32);
                let count = if running == second { count } else { 0 };
                (count < FORCED_PER_SECOND).then(|| u64::from(second) << 32 | u64::from(count + 1))
            })
            .is_ok()
    }
}

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
    fn callers_force_at_most_100_traces_a_second() {
        let limit = ForcedLimit::default();
        let admitted = |second| (0..150).filter(|_| limit.admit(second)).count();
        assert_eq!(admitted(7), 100);
        assert_eq!(admitted(7), 0);
        assert_eq!(admitted(8), 100);
    }

    #[test]
    fn what_our_own_ratio_samples_does_not_count_as_forced() {
        let sampler = Sampler::ratio(1.0).unwrap();
        assert!((0..1_000).all(|_| sampler.decide_with_parent(TraceId::generate(), true)));
    }
}
