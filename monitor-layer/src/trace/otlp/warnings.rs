use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::attributes::{cut, redacted};
use crate::{monitor::Core, redact::Redactor};

/// How long the log is spared of further spans that a collector rejects.
const SILENCE: Duration = Duration::from_secs(60);
/// What is shown of a collector's words, in bytes.
const LONGEST_WORDS: usize = 300;

/// Tells the operator of what is lost on the way to a collector, without filling the log with it.
pub(super) struct Warnings {
    url: String,
    monitor: Arc<OnceLock<Weak<Core>>>,
    failing: AtomicBool,
    rejections: Mutex<Rejections>,
}

/// Spans that a collector has rejected.
#[derive(Default)]
struct Rejections {
    told: Option<Instant>,
    untold: usize,
}

impl Warnings {
    pub(super) fn new(url: &str, monitor: Arc<OnceLock<Weak<Core>>>) -> Self {
        Self {
            // Without its query, which may hold a key.
            url: Redactor::default()
                .text(url.split('?').next().unwrap_or_default())
                .into_owned(),
            monitor,
            failing: AtomicBool::new(false),
            rejections: Mutex::default(),
        }
    }

    /// A batch went out.
    pub(super) fn works(&self) {
        self.failing.store(false, Ordering::Relaxed);
    }

    /// A batch did not: told once for each outage.
    pub(super) fn fails(&self, error: &str) {
        if self.failing.swap(true, Ordering::Relaxed) {
            return;
        }
        self.tell(|_| {
            format!(
                "Spans could not be exported: {error}. They are lost and counted in telemetry_dropped_total, as are \
                 further ones until it works again; is a collector listening for OTLP over HTTP at {}?",
                self.url,
            )
        });
    }

    /// A batch went out, and so many of its spans were rejected. Where none were, there are but words.
    pub(super) fn rejected(&self, spans: usize, words: &str) {
        let told = {
            let rejections = self.rejections.lock();
            let mut rejections = rejections.unwrap_or_else(PoisonError::into_inner);
            rejections.add(spans, Instant::now())
        };
        let Some(spans) = told else { return };
        self.tell(|core| {
            // Cut last, lest half of a secret is none.
            let words = redacted(words, &core.redactor);
            let words = cut(&words, LONGEST_WORDS);
            let what = match spans {
                0 => "took all spans, but warns".to_owned(),
                1 => "rejected 1 span, which is lost and counted in telemetry_dropped_total"
                    .to_owned(),
                _ => format!(
                    "rejected {spans} spans, which are lost and counted in telemetry_dropped_total"
                ),
            };
            format!("The collector at {} {what}: {words:?}", self.url)
        });
    }

    fn tell(&self, warning: impl FnOnce(&Core) -> String) {
        if let Some(core) = self.monitor.get().and_then(Weak::upgrade) {
            core.log.warning(&core, &warning(&core));
        }
    }
}

impl Rejections {
    /// How many to tell of now, if anything is to be told.
    fn add(&mut self, spans: usize, now: Instant) -> Option<usize> {
        self.untold += spans;
        let is_due = self
            .told
            .is_none_or(|told| now.duration_since(told) >= SILENCE);
        is_due.then(|| {
            self.told = Some(now);
            std::mem::take(&mut self.untold)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_are_told_of_once_a_minute_all_of_them() {
        let (mut rejections, start) = (Rejections::default(), Instant::now());
        let mut at = |seconds, spans| rejections.add(spans, start + Duration::from_secs(seconds));
        let told = [
            at(0, 3),
            at(1, 4),
            at(59, 5),
            at(60, 6),
            at(61, 1),
            at(120, 0),
        ];
        assert_eq!(told, [Some(3), None, None, Some(15), None, Some(1)]);
    }
}
