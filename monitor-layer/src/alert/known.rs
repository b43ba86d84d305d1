//! What a channel has been told by key, so that the same is not told again and again.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;

use super::{AlertSeverity, notice::Raised};

/// How many keys are remembered that nothing waits of. Those told longest ago are forgotten first: they are then told
/// again, not lost.
const MOST_SETTLED: usize = 4096;

#[derive(Default)]
pub(super) struct KnownAlerts(HashMap<Arc<str>, Known, RandomState>);

struct Known {
    /// The number of the last one that was let through: only that one's end says how things stand.
    last: u64,
    severity: AlertSeverity,
    standing: Standing,
    /// As far as is known, the channel shows it as firing.
    is_told: bool,
    /// How many were not told of since the last one that was.
    more: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Standing {
    /// On its way.
    Waiting,
    Told(Instant),
    Resolved,
    /// Neither: what was on its way is lost.
    Lost,
}

impl KnownAlerts {
    /// Whether one like it is told, or about to be, so that this one need not be.
    pub(super) fn fold(&mut self, raised: &Raised, repeat: Duration, now: Instant) -> bool {
        let Some(known) = self.0.get_mut(&raised.key) else {
            return false;
        };
        let is_alike = match known.standing {
            Standing::Waiting => true,
            Standing::Told(at) => now.saturating_duration_since(at) < repeat,
            Standing::Resolved | Standing::Lost => false,
        };
        // One that is worse is told at once.
        let folds = is_alike && raised.severity <= known.severity;
        known.more += u64::from(folds);
        folds
    }

    /// Whether there is nobody who would want to know that it is over; `or_unknown` where that is so of what was never
    /// told of.
    pub(super) fn is_over(&self, raised: &Raised, or_unknown: bool) -> bool {
        match self.0.get(&raised.key) {
            Some(known) => {
                known.standing == Standing::Resolved
                    || or_unknown && !known.is_told && known.standing != Standing::Waiting
            }
            None => or_unknown,
        }
    }

    /// Whether the channel shows it as firing.
    pub(super) fn is_told(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|known| known.is_told)
    }

    /// The severity by which it was let through, before which its end must not be told.
    pub(super) fn severity(&self, key: &str) -> Option<AlertSeverity> {
        self.0.get(key).map(|known| known.severity)
    }

    /// One is on its way.
    pub(super) fn goes_out(&mut self, raised: &Raised, number: u64) {
        let known = self.0.entry(Arc::clone(&raised.key)).or_insert(Known {
            last: number,
            severity: raised.severity,
            standing: Standing::Lost,
            is_told: false,
            more: 0,
        });
        known.last = number;
        known.standing = match raised.is_resolved {
            true => Standing::Resolved,
            false => Standing::Waiting,
        };
        if !raised.is_resolved {
            known.severity = raised.severity;
        }
    }

    /// How many alike were left out, to be told of by this one.
    pub(super) fn more(&self, key: &str) -> u64 {
        self.0.get(key).map_or(0, |known| known.more)
    }

    /// It was told, with so many more.
    pub(super) fn told(&mut self, raised: &Raised, number: u64, more: u64, now: Instant) {
        if let Some(known) = self.0.get_mut(&raised.key) {
            known.is_told = !raised.is_resolved;
            known.more = known.more.saturating_sub(more);
            if known.last == number && !raised.is_resolved {
                known.standing = Standing::Told(now);
            }
        }
    }

    /// It will not be told.
    pub(super) fn lost(&mut self, raised: &Raised, number: u64) {
        if let Some(known) = self.0.get_mut(&raised.key) {
            known.more += u64::from(!raised.is_resolved);
            if known.last == number {
                known.standing = Standing::Lost;
            }
        }
    }

    /// Forgets what is too much, where so many wait.
    pub(super) fn make_room(&mut self, waiting: usize) {
        let most = MOST_SETTLED + waiting;
        if self.0.len() <= most {
            return;
        }
        let told = self.0.values().filter(|known| known.is_settled());
        let mut told: Vec<u64> = told.map(|known| known.last).collect();
        told.sort_unstable();
        // A quarter more than has to go, so that this is seldom done.
        let surplus = (self.0.len() - most + MOST_SETTLED / 4).min(told.len());
        let oldest = told.get(surplus).copied();
        self.0.retain(|_, known| match known.standing {
            Standing::Waiting => true,
            Standing::Told(_) => oldest.is_some_and(|oldest| known.last >= oldest),
            Standing::Resolved | Standing::Lost => false,
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Known {
    const fn is_settled(&self) -> bool {
        matches!(self.standing, Standing::Told(_))
    }
}
