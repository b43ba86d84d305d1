use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use sentry::{
    Envelope,
    protocol::{SessionAggregateItem, SessionAggregates, SessionAttributes},
};

use crate::metrics::Counters;

/// How long sessions are summed up before they are sent.
pub(super) const PERIOD: Duration = Duration::from_secs(60);
const EXITED: usize = 0;
const ERRORED: usize = 1;
const CRASHED: usize = 2;

/// Exchanges and attempts of jobs as sessions of Sentry's, by how they ended: summed up, for there are many.
pub(crate) struct Sessions {
    ended: Counters<3>,
    release: String,
    environment: String,
    told: Mutex<Told>,
}

struct Told {
    since: SystemTime,
    ended: [u64; 3],
}

/// How an exchange or an attempt of a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    Exited,
    /// Something failed in it.
    Errored,
    /// It panicked.
    Crashed,
}

impl Sessions {
    /// A session has to be of a release.
    pub(super) fn new(release: String, environment: String, shards: usize) -> Self {
        Self {
            ended: Counters::new(shards),
            release,
            environment,
            told: Mutex::new(Told {
                since: SystemTime::now(),
                ended: [0; 3],
            }),
        }
    }

    pub(super) fn count(&self, end: SessionEnd) {
        self.ended.add_one(match end {
            SessionEnd::Exited => EXITED,
            SessionEnd::Errored => ERRORED,
            SessionEnd::Crashed => CRASHED,
        });
    }

    /// Those that ended since the last time that this was asked, if any did.
    pub(super) fn take(&self) -> Option<Envelope> {
        // Nothing panics while the lock is held.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.ended.values();
        let of = |at: usize| now[at].wrapping_sub(told.ended[at]);
        let [exited, errored, crashed] = [of(EXITED), of(ERRORED), of(CRASHED)]
            .map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let started = std::mem::replace(&mut told.since, SystemTime::now());
        told.ended = now;
        drop(told);
        if exited == 0 && errored == 0 && crashed == 0 {
            return None;
        }
        let mut envelope = Envelope::new();
        envelope.add_item(SessionAggregates {
            aggregates: vec![SessionAggregateItem {
                started,
                distinct_id: None,
                exited,
                errored,
                abnormal: 0,
                crashed,
            }],
            attributes: SessionAttributes {
                release: self.release.clone().into(),
                environment: Some(self.environment.clone().into()),
                ip_address: None,
                user_agent: None,
            },
        });
        Some(envelope)
    }
}
