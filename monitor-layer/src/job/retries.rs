use std::time::Duration;

use crate::trace::SpanId;

/// How often a job is tried, and how long it rests in between.
///
/// The pause before the next attempt is a random one between nothing and a limit that doubles with each attempt
/// ("full jitter"), so that jobs which failed together do not come back together.
///
/// ```
/// use std::time::Duration;
///
/// use monitor_layer::Retries;
///
/// let retries = Retries::up_to(5).backoff(Duration::from_millis(200), Duration::from_secs(30));
/// assert!(retries.pause_after(1) <= Duration::from_millis(200));
/// assert!(retries.pause_after(4) <= Duration::from_millis(1_600));
/// assert!(retries.pause_after(40) <= Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "retries do nothing until `Job::retry` takes them"]
pub struct Retries {
    attempts: u32,
    first: Duration,
    longest: Duration,
    panics: bool,
}

impl Retries {
    /// So many attempts at most, the first one included; 0 counts as 1. Pauses begin at half a second at most, and are
    /// never longer than a minute.
    pub const fn up_to(attempts: u32) -> Self {
        Self {
            attempts: if attempts == 0 { 1 } else { attempts },
            first: Duration::from_millis(500),
            longest: Duration::from_secs(60),
            panics: false,
        }
    }

    /// The longest pause after the first attempt, and after any. [`Duration::ZERO`] is no pause at all.
    pub const fn backoff(self, first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            ..self
        }
    }

    /// Tries again after a panic, too, which otherwise is the end.
    pub const fn after_panics(self) -> Self {
        Self {
            panics: true,
            ..self
        }
    }

    /// How many attempts there are at most.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// A pause after this attempt, from 1: another one at each call.
    #[must_use]
    pub fn pause_after(&self, attempt: u32) -> Duration {
        let doubled = 1_u32
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let limit = self.first.saturating_mul(doubled).min(self.longest);
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        // Ids are random and never 0, which is as good as none of many.
        let random = u64::from_be_bytes(SpanId::generate().to_bytes());
        Duration::from_nanos(random % limit.saturating_add(1))
    }

    pub(super) const fn retry_panics(&self) -> bool {
        self.panics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_fill_the_whole_of_a_limit_that_doubles_up_to_the_longest() {
        let retries =
            Retries::up_to(9).backoff(Duration::from_millis(100), Duration::from_millis(300));
        for (attempt, limit) in [
            (1, 100),
            (2, 200),
            (3, 300),
            (32, 300),
            (33, 300),
            (u32::MAX, 300),
        ] {
            let limit = Duration::from_millis(limit);
            let pauses: Vec<_> = (0..1_000).map(|_| retries.pause_after(attempt)).collect();
            assert!(pauses.iter().all(|pause| *pause <= limit), "{attempt}");
            assert!(
                pauses.iter().any(|pause| *pause > limit * 9 / 10),
                "{attempt}"
            );
            assert!(pauses.iter().any(|pause| *pause < limit / 10), "{attempt}");
        }
    }

    #[test]
    fn no_limit_is_too_small_or_too_large() {
        let nothing = Retries::up_to(0).backoff(Duration::ZERO, Duration::MAX);
        assert_eq!(
            (nothing.attempts(), nothing.pause_after(7)),
            (1, Duration::ZERO)
        );
        let _ = nothing.backoff(Duration::MAX, Duration::MAX).pause_after(0);
    }
}
