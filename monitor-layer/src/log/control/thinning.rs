use std::{sync::Arc, time::Duration};

use tracing::Level;

use super::held::{Held, HeldLines, Lines, Room};
use crate::trace::{InvalidRatio, Threshold, TraceContext};

/// Which exchanges' lines are written though all is well, and though they are not sampled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogRatio {
    ratio: f64,
    threshold: Threshold,
    slower_than: Option<Duration>,
}

/// Thins the lines of healthy exchanges that are not sampled, by trace: all of one are written or none.
///
/// How an exchange ends is known at its end alone, so that its lines are held back until then, or until one of them is a
/// warning or an error.
pub(crate) struct Thinning {
    which: LogRatio,
    room: Room,
}

/// One exchange's share in it.
pub(crate) struct ThinnedExchange {
    lines: Arc<HeldLines>,
    /// How many exchanges it stands for, itself included, if all is well.
    adjusted_count: f64,
}

/// What becomes of the lines of an exchange that is over.
pub(crate) enum Fate {
    Thinned,
    /// Those that were held back are to be written.
    Written {
        held: Lines,
        /// Where it stands for others.
        adjusted_count: Option<f64>,
    },
}

impl LogRatio {
    /// # Errors
    ///
    /// [`InvalidRatio`] where it is no number from 0 to 1.
    pub(crate) fn new(ratio: f64, slower_than: Option<Duration>) -> Result<Self, InvalidRatio> {
        Ok(Self {
            ratio,
            threshold: Threshold::of(ratio)?,
            slower_than,
        })
    }
}

impl Thinning {
    pub(crate) fn new(which: LogRatio) -> Self {
        Self {
            which,
            room: Room::default(),
        }
    }

    pub(crate) fn begin(&self, context: &TraceContext) -> ThinnedExchange {
        // By the hash of the sampling: what the smaller ratio takes lies within what the larger one takes.
        let is_within = self.which.threshold.admits(context.trace_id());
        ThinnedExchange {
            lines: HeldLines::begin(!is_within && !context.is_sampled()),
            adjusted_count: match is_within {
                true => 1.0 / self.which.ratio,
                false => 0.0,
            },
        }
    }

    pub(crate) fn hold(&self, lines: &HeldLines, line: &[u8], level: Level) -> Held {
        lines.hold(line, level, &self.room)
    }

    /// Those that are held back, which are to be written.
    pub(crate) fn release(&self, lines: &HeldLines) -> Lines {
        lines.release(&self.room)
    }

    /// The exchange is over, well as far as its answer tells.
    pub(crate) fn end(&self, exchange: ThinnedExchange, is_well: bool, elapsed: Duration) -> Fate {
        let ThinnedExchange {
            lines,
            adjusted_count,
        } = exchange;
        let is_slow = self.which.slower_than.is_some_and(|limit| elapsed >= limit);
        let is_healthy = is_well && !is_slow;
        let fate = if is_healthy && lines.thin(&self.room) {
            Fate::Thinned
        } else {
            Fate::Written {
                // Written whatever its trace id, it stands for itself.
                adjusted_count: (is_healthy && !lines.are_needed()).then_some(adjusted_count),
                held: lines.release(&self.room),
            }
        };
        lines.recycle();
        fate
    }
}

impl ThinnedExchange {
    pub(crate) const fn lines(&self) -> &Arc<HeldLines> {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Sampler;

    const NO_TIME: Duration = Duration::ZERO;

    fn thinning(ratio: f64) -> Thinning {
        Thinning::new(LogRatio::new(ratio, Some(Duration::from_secs(1))).unwrap())
    }

    fn context(sample_ratio: f64) -> TraceContext {
        TraceContext::root(&Sampler::ratio(sample_ratio).unwrap())
    }

    /// Whether a line is written and, if so, for how many exchanges it stands.
    fn end(thinning: &Thinning, exchange: ThinnedExchange) -> Option<f64> {
        match thinning.end(exchange, true, NO_TIME) {
            Fate::Thinned => None,
            Fate::Written { adjusted_count, .. } => Some(adjusted_count.unwrap_or(1.0)),
        }
    }

    #[test]
    fn the_lines_that_are_written_stand_for_all_whatever_is_sampled() {
        const EXCHANGES: usize = 20_000;

        for (ratio, sample_ratio) in [(0.25, 0.0), (0.25, 0.05), (0.25, 0.5), (1.0, 0.1)] {
            let thinning = thinning(ratio);
            let counts = (0..EXCHANGES).filter_map(|number| {
                let exchange = thinning.begin(&context(sample_ratio));
                if number % 10 == 0 {
                    exchange
                        .lines()
                        .hold(b"failed", Level::WARN, &thinning.room);
                }
                end(&thinning, exchange)
            });
            let counts: Vec<_> = counts.collect();
            let sum: f64 = counts.iter().sum();
            let error = sum / EXCHANGES as f64 - 1.0;
            // Six times what chance makes of it.
            assert!(error.abs() < 0.08, "{ratio} {sample_ratio}: {error}");
            let shown = counts.len() as f64 / EXCHANGES as f64;
            let expected = 0.1 + 0.9 * ratio.max(sample_ratio);
            assert!((shown - expected).abs() < 0.03, "{shown} for {expected}");
        }
    }

    #[test]
    fn what_the_smaller_ratio_shows_the_larger_one_shows_too() {
        let (small, large) = (thinning(0.1), thinning(0.3));
        for _ in 0..2_000 {
            let context = context(0.0);
            let shown = [&small, &large].map(|thinning| {
                let exchange = thinning.begin(&context);
                end(thinning, exchange).is_some()
            });
            assert!(!shown[0] || shown[1]);
        }
    }

    #[test]
    fn what_warns_stands_for_itself() {
        let thinning = thinning(0.999_999);
        let exchange = thinning.begin(&context(0.0));
        exchange
            .lines()
            .hold(b"warned", Level::WARN, &thinning.room);
        assert_eq!(end(&thinning, exchange), Some(1.0));
    }

    #[test]
    fn what_is_slow_or_not_well_is_written_and_stands_for_itself() {
        let (context, second) = (context(0.0), Duration::from_secs(1));
        for ratio in [0.0, 1.0] {
            for (is_well, elapsed) in [(true, second), (false, NO_TIME)] {
                let thinning = thinning(ratio);
                let exchange = thinning.begin(&context);
                let fate = thinning.end(exchange, is_well, elapsed);
                assert!(matches!(
                    fate,
                    Fate::Written {
                        adjusted_count: None,
                        ..
                    }
                ));
            }
        }
    }
}
