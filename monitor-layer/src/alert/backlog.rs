//! What waits for one channel, in which order and for how long. It has no clock and no thread: it is told what time it is.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{AlertNotice, AlertSeverity, DeliveryError, known::KnownAlerts, notice::Raised};
use crate::{Retries, metrics::Delivery};

/// How fast a channel is told, and how long it is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How long the same alert is not told again.
    pub(crate) repeat: Duration,
    /// After which age one that was not taken is lost.
    pub(crate) longest: Duration,
    pub(crate) backoff: Retries,
    /// Between the starts of two deliveries.
    pub(crate) gap: Duration,
    pub(crate) most_waiting: usize,
    /// Whether it is of use to be told that something is over of which this process has not told.
    pub(crate) ends_of_others: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            repeat: Duration::from_secs(5 * 60),
            longest: Duration::from_secs(60 * 60),
            backoff: Retries::up_to(u32::MAX)
                .backoff(Duration::from_secs(1), Duration::from_secs(60)),
            gap: Duration::ZERO,
            most_waiting: 1000,
            ends_of_others: true,
        }
    }
}

pub(super) struct Backlog {
    pace: Pace,
    /// By severity, the oldest first.
    waiting: [VecDeque<Item>; AlertSeverity::ALL.len()],
    known: KnownAlerts,
    accepted: u64,
    /// Deliveries in a row that may be tried again.
    failures: u32,
    backing_off_until: Option<Instant>,
    /// As the channel asked.
    asked_until: Option<Instant>,
    next_start: Option<Instant>,
    /// Nothing is tried a second time any more.
    is_last_try: bool,
}

pub(super) struct Item {
    pub(super) raised: Arc<Raised>,
    number: u64,
    since: Instant,
    rank: AlertSeverity,
    /// As it was told, or is being told.
    more: u64,
}

/// What is to be done next.
pub(super) enum Next {
    Send(Item),
    /// It is over with, in this way.
    Over(Item, Delivery),
    WaitUntil(Instant),
    Nothing,
}

/// What came of raising an alert.
pub(super) struct Pushed {
    /// Unless it waits.
    pub(super) outcome: Option<Delivery>,
    /// What had to make room for it.
    pub(super) displaced: Option<Arc<Raised>>,
}

impl Backlog {
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            pace,
            waiting: Default::default(),
            known: KnownAlerts::default(),
            accepted: 0,
            failures: 0,
            backing_off_until: None,
            asked_until: None,
            next_start: None,
            is_last_try: false,
        }
    }

    /// Takes one in, unless it is folded. Where there is no room, what matters least goes: the newest of the least
    /// severity, for the first of many tell the cause.
    pub(super) fn push(&mut self, raised: Arc<Raised>, now: Instant) -> Pushed {
        let over = |outcome| Pushed {
            outcome: Some(outcome),
            displaced: None,
        };
        let is_folded = match raised.is_resolved {
            true => self.known.is_over(&raised, !self.pace.ends_of_others),
            false => self.known.fold(&raised, self.pace.repeat, now),
        };
        if is_folded {
            return over(Delivery::Deduplicated);
        }
        self.accepted += 1;
        let number = self.accepted;
        let known = raised.is_resolved.then(|| self.known.severity(&raised.key));
        let rank = known.flatten().unwrap_or(raised.severity);
        let mut displaced = None;
        if self.len() >= self.pace.most_waiting {
            let lesser = self.waiting[..rank as usize].iter_mut();
            let Some(victim) = { lesser }.find_map(VecDeque::pop_back) else {
                self.known.lost(&raised, number);
                return over(Delivery::Dropped);
            };
            self.known.lost(&victim.raised, victim.number);
            displaced = Some(victim.raised);
        }
        self.known.goes_out(&raised, number);
        self.waiting[rank as usize].push_back(Item {
            raised,
            number,
            since: now,
            rank,
            more: 0,
        });
        Pushed {
            outcome: None,
            displaced,
        }
    }

    /// The most severe and then oldest, where it is time.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        let is_asked = self.asked_until.is_some_and(|until| now < until);
        let gives_up = self.is_last_try && (self.failures > 0 || is_asked);
        let longest = self.pace.longest;
        let is_too_old = |item: &Item| now.saturating_duration_since(item.since) >= longest;
        for waiting in self.waiting.iter_mut().rev() {
            let is_over = waiting.front().is_some_and(|it| gives_up || is_too_old(it));
            if let Some(item) = is_over.then(|| waiting.pop_front()).flatten() {
                self.known.lost(&item.raised, item.number);
                return Next::Over(item, Delivery::Failed);
            }
        }
        let Some(expires) = self.first_to_expire() else {
            return Next::Nothing;
        };
        let pauses = [self.backing_off_until, self.asked_until, self.next_start];
        if let Some(until) = pauses.into_iter().flatten().max().filter(|it| now < *it) {
            return Next::WaitUntil(until.min(expires));
        }
        let Some(mut item) = self.waiting.iter_mut().rev().find_map(VecDeque::pop_front) else {
            return Next::Nothing;
        };
        let raised = &item.raised;
        if raised.is_resolved && !self.pace.ends_of_others && !self.known.is_told(&raised.key) {
            // What it would tell the end of was lost meanwhile.
            return Next::Over(item, Delivery::Deduplicated);
        }
        item.more = self.known.more(&item.raised.key);
        self.next_start = now.checked_add(self.pace.gap);
        Next::Send(item)
    }

    /// What came of an item that was to be sent; `None` where it is tried again.
    pub(super) fn sent(
        &mut self,
        item: Item,
        result: &Result<(), DeliveryError>,
        now: Instant,
    ) -> Option<Delivery> {
        self.known.make_room(self.len());
        let Err(error) = result else {
            self.failures = 0;
            self.known.told(&item.raised, item.number, item.more, now);
            return Some(Delivery::Sent);
        };
        if let Some(pause) = error.pause() {
            let pause = pause.min(self.pace.longest);
            self.asked_until = now.checked_add(pause);
        }
        if error.is_transient() {
            self.failures = self.failures.saturating_add(1);
            let pause = self.pace.backoff.pause_after(self.failures);
            self.backing_off_until = now.checked_add(pause);
            if now.saturating_duration_since(item.since) < self.pace.longest && !self.is_last_try {
                self.waiting[item.rank as usize].push_front(item);
                return None;
            }
        } else {
            // It answers.
            self.failures = 0;
        }
        self.known.lost(&item.raised, item.number);
        Some(Delivery::Failed)
    }

    /// Ends the pause that nobody but ourselves has asked for.
    pub(super) fn hurry(&mut self) {
        self.backing_off_until = None;
    }

    /// What waits has one try more.
    pub(super) fn close(&mut self) {
        self.hurry();
        self.failures = 0;
        self.is_last_try = true;
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    fn first_to_expire(&self) -> Option<Instant> {
        let fronts = self.waiting.iter().filter_map(VecDeque::front);
        let first = fronts.map(|item| item.since).min()?;
        // One that cannot be told is as far away as none.
        Some(
            first
                .checked_add(self.pace.longest)
                .unwrap_or(first + Duration::from_secs(60)),
        )
    }
}

impl Item {
    pub(super) fn notice(&self) -> AlertNotice {
        AlertNotice {
            raised: Arc::clone(&self.raised),
            more: self.more,
        }
    }
}

#[cfg(test)]
mod tests;
