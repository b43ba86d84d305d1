//! Time of CPU per operation, of several contestants in turns.
//!
//! Each round does the same number of operations with every contestant, one after the other, so that a change of clock
//! speed or a noisy neighbour meets all of them. What counts is the best round of each: noise only adds. One reading of
//! the thread's clock is a system call of some hundred nanoseconds; a round should take 100 microseconds or more.

use std::time::Duration;

use cpu_time::ThreadTime;

/// Does as many operations as it is told.
pub type Contestant<'a> = &'a mut dyn FnMut(usize);

/// CPU time of this thread while it works.
pub fn of(work: impl FnOnce()) -> Duration {
    let start = ThreadTime::now();
    work();
    start.elapsed()
}

/// Nanoseconds per operation of each contestant, in its best round. A first round warms up and is not timed.
///
/// `between` runs untimed after every round: what a scrape or an upkeep task would do now and then.
pub fn in_turns<const N: usize>(
    rounds: usize,
    operations: usize,
    mut contestants: [Contestant<'_>; N],
    mut between: impl FnMut(),
) -> [f64; N] {
    let mut best = [Duration::MAX; N];
    for contestant in &mut contestants {
        contestant(operations);
    }
    for _ in 0..rounds {
        for (contestant, best) in contestants.iter_mut().zip(&mut best) {
            *best = of(|| contestant(operations)).min(*best);
        }
        between();
    }
    best.map(|best| best.as_nanos() as f64 / operations as f64)
}
