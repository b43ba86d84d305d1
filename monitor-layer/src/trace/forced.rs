use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// Traces a second that callers may have sampled past our own ratio.
const FORCED_PER_SECOND: u32 = 100;

/// Counts within the running second: the second in the upper half, the count in the lower.
///
/// Once a second's share is spent, it is read and no longer written to: those who flood get no thread to wait.
pub(super) struct ForcedLimit {
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
    /// Whether one more is within the limit.
    pub(super) fn admit(&self) -> bool {
        self.admit_in(self.start.elapsed().as_secs() as u32)
    }

    fn admit_in(&self, second: u32) -> bool {
        let admitted = self
            .window
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |window| {
                let (running, count) = ((window >> 32) as u32, window as u32);
                // A thread that read the clock a while ago must not open the second before once more.
                let (second, count) = match second > running {
                    true => (second, 0),
                    false => (running, count),
                };
                (count < FORCED_PER_SECOND).then(|| u64::from(second) << 32 | u64::from(count + 1))
            });
        admitted.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_force_at_most_100_traces_a_second() {
        let limit = ForcedLimit::default();
        let admitted = |second| (0..150).filter(|_| limit.admit_in(second)).count();
        assert_eq!(admitted(7), 100);
        assert_eq!(admitted(7), 0);
        assert_eq!(admitted(8), 100);
    }

    #[test]
    fn a_thread_that_is_late_by_a_second_counts_in_the_running_one() {
        let limit = ForcedLimit::default();
        let admitted = (0..600)
            .filter(|round| limit.admit_in(7 + round % 2))
            .count();
        assert_eq!(admitted, 101, "one in second 7, all others in second 8");
    }

    #[test]
    fn threads_share_one_limit() {
        let limit = ForcedLimit::default();
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..100).filter(|_| limit.admit_in(3)).count()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(admitted, 100);
    }
}
