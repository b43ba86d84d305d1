use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, sleep},
};
use tracing::Level;

use super::{
    HealthCheck,
    check::Answer,
    run::{Left, Run},
    told::Told,
    verdict::Verdict,
};
use crate::{log::Key, monitor::Core, trace::SpanId};

const TARGET: &str = "monitor_layer::health";

/// A check under its name, and what it said last.
pub(super) struct Checking {
    pub(super) name: String,
    pub(super) check: HealthCheck,
    /// Written by the one task that asks.
    heard: watch::Sender<Option<Heard>>,
    /// The last answer is too old, and that was told.
    is_stale: AtomicBool,
}

/// What a check said so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) verdict: Verdict,
    pub(super) latency: Duration,
    at: Instant,
    told: Told,
}

impl Checking {
    pub(super) fn new(name: String, check: HealthCheck) -> Self {
        Self {
            name,
            check,
            heard: watch::Sender::new(None),
            is_stale: AtomicBool::new(false),
        }
    }

    /// Asks now and then, never twice at once, for as long as there is a monitor.
    pub(super) async fn keep_asking(self: Arc<Self>, core: Weak<Core>, interval: Duration) {
        let runtime = Handle::current();
        let mut left = None;
        while core.strong_count() > 0 {
            let (answer, took) = self.ask(&runtime, &mut left).await;
            if let Some(core) = core.upgrade() {
                self.hear(&core, answer, took);
            }
            sleep(jittered(interval)).await;
        }
    }

    /// With the time that it took, where it was asked: one that blocks still is not.
    async fn ask(&self, runtime: &Handle, left: &mut Option<Left>) -> (Answer, Option<Duration>) {
        let limit = self.check.time_limit;
        if left.as_mut().is_some_and(|left| !left.is_over()) {
            let seconds = limit.as_secs_f64();
            return (
                Err(format!("no answer within {seconds} s, and it blocks still")),
                None,
            );
        }
        *left = None;
        let start = Instant::now();
        let answer = match Run::start(&self.check.ask, limit, runtime) {
            Err(problem) => Err(problem),
            Ok(mut run) => run.answer_within(limit).await.unwrap_or_else(|| {
                *left = Some(run.leave());
                Err(format!("no answer within {} s", limit.as_secs_f64()))
            }),
        };
        (answer, Some(start.elapsed()))
    }

    fn hear(&self, core: &Core, answer: Answer, took: Option<Duration>) {
        let before = *self.heard.borrow();
        let succeeded = answer.is_ok();
        let verdict = match before {
            Some(before) => before.verdict.after(succeeded, self.check.thresholds),
            None => Verdict::first(succeeded),
        };
        let was_stale = self.is_stale.swap(false, Ordering::Relaxed);
        let was_healthy = before.is_none_or(|before| before.verdict.healthy) && !was_stale;
        let changed = verdict.healthy != was_healthy;
        let at = Instant::now();
        let mut heard = Heard {
            verdict,
            latency: took.unwrap_or(self.check.time_limit),
            at,
            told: before.map(|before| before.told).unwrap_or_default(),
        };
        let (metrics, healthy) = (&core.metrics, verdict.healthy);
        metrics.health_check(&self.name, healthy, took);
        match answer {
            Err(problem) => {
                if let Some(left_out) = heard.told.tell(changed, at) {
                    self.tell_failure(core, healthy, problem, left_out);
                }
            }
            Ok(()) if changed && healthy => self.tell_recovery(core),
            Ok(()) => {}
        }
        // Last, for whoever waits for it to find all of the above.
        self.heard.send_replace(Some(heard));
    }

    /// The last answer; one older than that is told of once, and counts as a failure until the next.
    pub(super) fn heard(&self, core: &Core, age_limit: Duration) -> Option<Heard> {
        let mut heard = (*self.heard.borrow())?;
        let age = heard.at.elapsed();
        if age > age_limit {
            heard.verdict.healthy = false;
            if !self.is_stale.swap(true, Ordering::Relaxed) {
                core.metrics.health_check(&self.name, false, None);
                let (age, limit) = (age.as_secs(), age_limit.as_secs_f64());
                let problem = format!(
                    "its last answer is {age} s old, and may be {limit} s old: the runtime that asks stands still"
                );
                self.tell_failure(core, false, problem, 0);
            }
        }
        Some(heard)
    }

    pub(super) fn has_answered(&self) -> bool {
        self.heard.borrow().is_some()
    }

    pub(super) async fn first_answer(&self) {
        // The sender is `self`, so it cannot be gone.
        let _ = self.heard.subscribe().wait_for(Option::is_some).await;
    }

    fn tell_failure(&self, core: &Core, healthy: bool, problem: String, left_out: u64) {
        let line = "Health check failed";
        core.log.line(core, TARGET, Level::WARN, line, |fields| {
            fields.string(Key::CHECK, self.name.as_str());
            fields.known(Key::STATUS, if healthy { "healthy" } else { "unhealthy" });
            fields.string(Key::PROBLEM, problem);
            if left_out > 0 {
                fields.number(Key::SUPPRESSED, left_out);
            }
        });
    }

    fn tell_recovery(&self, core: &Core) {
        let line = "Health check recovered";
        core.log.line(core, TARGET, Level::INFO, line, |fields| {
            fields.string(Key::CHECK, self.name.as_str());
            fields.known(Key::STATUS, "healthy");
        });
    }
}

/// A tenth more or less, so that replicas do not ask all at once.
fn jittered(interval: Duration) -> Duration {
    // Ids are random.
    let random = u64::from_be_bytes(SpanId::generate().to_bytes());
    let share = 0.9 + 0.2 * (random as f64 / u64::MAX as f64);
    let jittered = Duration::try_from_secs_f64(interval.as_secs_f64() * share);
    jittered.unwrap_or(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_differ_by_a_tenth_at_most() {
        let interval = Duration::from_secs(100);
        let seconds: Vec<u64> = (0..1_000).map(|_| jittered(interval).as_secs()).collect();
        assert!(seconds.iter().all(|seconds| (90..=110).contains(seconds)));
        assert!(seconds.iter().any(|seconds| *seconds < 95));
        assert!(seconds.iter().any(|seconds| *seconds > 105));
        assert!(jittered(Duration::MAX) > interval);
    }
}
