//! How long things take, by the processor's own counter where it can be trusted: half the cost of the system's clock,
//! which is most of what it costs to time something.

use std::{
    fs,
    sync::OnceLock,
    time::{Duration, Instant},
};

use quanta::Clock;

/// `None` where the counter is not to be trusted.
static COUNTER: OnceLock<Option<Clock>> = OnceLock::new();

/// When something began.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    Counted(u64),
    System(Instant),
}

impl Start {
    #[inline]
    pub(crate) fn now() -> Self {
        match COUNTER.get() {
            Some(Some(counter)) => Self::Counted(counter.raw()),
            _ => Self::System(Instant::now()),
        }
    }

    #[inline]
    pub(crate) fn elapsed(self) -> Duration {
        match (self, COUNTER.get()) {
            (Self::Counted(start), Some(Some(counter))) => counter.delta(start, counter.raw()),
            // Counted by a counter, which then stays.
            (Self::Counted(_), _) => Duration::ZERO,
            (Self::System(start), _) => start.elapsed(),
        }
    }
}

/// Lets what starts from here on be timed by the counter. Called where something that times is made, not where it runs:
/// the first call compares the counter with the system's clock for a millisecond, on a machine under load for up to a
/// fifth of a second.
pub(crate) fn calibrate() {
    COUNTER.get_or_init(|| {
        let counter = system_uses_counter().then(Clock::new)?;
        agrees(&counter).then_some(counter)
    });
}

/// Linux looks whether the counters of all processors tell the same, and uses another clock where they do not.
fn system_uses_counter() -> bool {
    const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

    let is_counter = |source: String| matches!(source.trim(), "tsc" | "arch_sys_counter");
    !cfg!(target_os = "linux") || fs::read_to_string(SOURCE).is_ok_and(is_counter)
}

/// Whether the counter was calibrated right: a thread that was made to wait at the wrong moment calibrates it wrong.
fn agrees(counter: &Clock) -> bool {
    const TIME: Duration = Duration::from_micros(500);

    let outer = counter.raw();
    let start = Instant::now();
    let inner = counter.raw();
    while start.elapsed() < TIME {}
    let inner = counter.delta(inner, counter.raw());
    let system = start.elapsed();
    let outer = counter.delta(outer, counter.raw());
    // What the system's clock says lies between.
    let tolerance = system / 1_000;
    inner <= system + tolerance && system <= outer + tolerance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_counter_tells_is_what_the_system_s_clock_tells() {
        calibrate();
        let (outer, start, inner) = (Instant::now(), Start::now(), Instant::now());
        while inner.elapsed() < Duration::from_millis(5) {}
        let (shortest, counted, longest) = (inner.elapsed(), start.elapsed(), outer.elapsed());
        let tolerance = longest / 500;
        assert!(
            shortest <= counted + tolerance && counted <= longest + tolerance,
            "{shortest:?} {counted:?} {longest:?}"
        );
    }

    #[test]
    fn a_counter_that_runs_at_another_speed_is_not_trusted() {
        let (standing, _) = Clock::mock();
        assert!(!agrees(&standing));
    }
}
