use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::text::{clean, cut};
use crate::monitor::Core;

/// How long the log is spared of further failures of a channel.
const SILENCE: Duration = Duration::from_secs(60);
/// What is shown of a channel's words, in bytes.
const LONGEST_WORDS: usize = 300;

/// Tells the operator in the log of a channel that does not work, without filling it with that: alerts would go the way
/// that is broken.
#[derive(Default)]
pub(super) struct Warnings(Mutex<Untold>);

#[derive(Default)]
struct Untold {
    told: Option<Instant>,
    lost: u64,
}

impl Warnings {
    /// One was not taken, and so many are lost by it.
    pub(super) fn failed(&self, core: Option<&Core>, channel: &str, reason: &str, lost: u64) {
        let told = {
            // Nothing panics while the lock is held.
            let mut untold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            untold.add(lost, Instant::now())
        };
        if let (Some(lost), Some(core)) = (told, core) {
            let reason = clean(reason.to_owned().into(), usize::MAX, &core.redactor);
            let reason = cut(&reason, LONGEST_WORDS);
            core.log.warning(core, &warning(channel, &reason, lost));
        }
    }
}

impl Untold {
    /// How many to tell of as lost, if anything is to be told now.
    fn add(&mut self, lost: u64, now: Instant) -> Option<u64> {
        self.lost += lost;
        let is_due = self
            .told
            .is_none_or(|told| now.saturating_duration_since(told) >= SILENCE);
        is_due.then(|| {
            self.told = Some(now);
            std::mem::take(&mut self.lost)
        })
    }
}

fn warning(channel: &str, reason: &str, lost: u64) -> String {
    let what = match lost {
        0 => "It is tried again".to_owned(),
        1 => "1 alert is lost on it, and counted in telemetry_dropped_total".to_owned(),
        _ => format!("{lost} alerts are lost on it, and counted in telemetry_dropped_total"),
    };
    format!("The alert channel {channel} does not work: {reason}. {what}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_fails_is_told_of_once_a_minute_with_all_that_was_lost() {
        let (mut untold, start) = (Untold::default(), Instant::now());
        let mut at = |seconds, lost| untold.add(lost, start + Duration::from_secs(seconds));
        let told = [
            at(0, 0),
            at(1, 3),
            at(59, 2),
            at(60, 1),
            at(30, 1),
            at(120, 0),
        ];
        assert_eq!(told, [Some(0), None, None, Some(6), None, Some(1)]);
        assert_eq!(
            warning("slack", "it answers 503", 6),
            "The alert channel slack does not work: it answers 503. 6 alerts are lost on it, and counted in \
             telemetry_dropped_total."
        );
    }
}
