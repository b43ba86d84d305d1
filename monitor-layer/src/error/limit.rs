use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash, Hasher},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use foldhash::fast::FixedState;

use super::ErrorEvent;

/// How many events alike are sent within a period.
const MOST: u32 = 10;
const PERIOD: Duration = Duration::from_secs(60);
/// How many kinds are told apart at a time; further ones share one limit.
const MOST_KINDS: usize = 1024;
/// The kind of all that find no place of their own.
const OTHERS: u64 = 0;

/// Lets the first events of a kind through, then counts, until the period is over.
#[derive(Default)]
pub(super) struct Limit(Mutex<HashMap<u64, Kind, FixedState>>);

struct Kind {
    since: Instant,
    sent: u32,
    /// Since the last one that was sent.
    suppressed: u64,
}

impl Limit {
    /// Whether one more may be sent, and then how many alike were not before it.
    pub(super) fn admit(&self, kind: u64, now: Instant) -> Option<u64> {
        // Nothing panics while the lock is held.
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = match kinds.contains_key(&kind) || make_room(&mut kinds, now) {
            true => kind,
            false => OTHERS,
        };
        let kind = kinds.entry(kind).or_insert(Kind {
            since: now,
            sent: 0,
            suppressed: 0,
        });
        if now.saturating_duration_since(kind.since) >= PERIOD {
            (kind.since, kind.sent) = (now, 0);
        }
        if kind.sent == MOST {
            kind.suppressed += 1;
            return None;
        }
        kind.sent += 1;
        Some(std::mem::take(&mut kind.suppressed))
    }
}

/// Forgets kinds whose period is over where there are too many; those that have something to tell go last.
fn make_room(kinds: &mut HashMap<u64, Kind, FixedState>, now: Instant) -> bool {
    let is_over = |kind: &Kind| now.saturating_duration_since(kind.since) >= PERIOD;
    if kinds.len() >= MOST_KINDS {
        kinds.retain(|_, kind| !is_over(kind) || kind.suppressed > 0);
    }
    if kinds.len() >= MOST_KINDS {
        kinds.retain(|_, kind| !is_over(kind));
    }
    kinds.len() < MOST_KINDS
}

/// What an event counts as. Where nobody says what it is alike with, words with a digit do not make a text another one:
/// they are ids, sizes and times.
pub(super) fn kind(event: &ErrorEvent) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    event.level.hash(&mut hasher);
    if event.fingerprint.is_empty() {
        event.error_type.hash(&mut hasher);
        event.category.hash(&mut hasher);
        event.step.hash(&mut hasher);
        event.transaction.hash(&mut hasher);
        let words = event.message.split_whitespace();
        let words = words.filter(|word| !word.contains(|letter: char| letter.is_ascii_digit()));
        words.for_each(|word| word.hash(&mut hasher));
    } else {
        event.fingerprint.hash(&mut hasher);
    }
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_of_a_kind_are_let_through_in_a_minute_and_the_next_one_tells_of_the_others() {
        let (limit, start) = (Limit::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        for second in 0..10 {
            assert_eq!(limit.admit(7, after(second)), Some(0));
        }
        for _ in 0..30 {
            assert_eq!(limit.admit(7, after(59)), None);
        }
        assert_eq!(limit.admit(8, after(59)), Some(0), "another kind");
        assert_eq!(limit.admit(7, after(60)), Some(30));
        assert_eq!(limit.admit(7, after(60)), Some(0));
    }

    #[test]
    fn any_number_of_kinds_takes_bounded_memory_and_those_without_a_place_share_a_limit() {
        let (limit, start) = (Limit::default(), Instant::now());
        let admitted = (1..=100_000).filter(|kind| limit.admit(*kind, start).is_some());
        assert_eq!(admitted.count(), MOST_KINDS + MOST as usize);
        let kinds = limit.0.lock().unwrap().len();
        assert!(kinds <= MOST_KINDS + 1, "{kinds}");
        let later = start + PERIOD;
        assert_eq!(limit.admit(200_000, later), Some(0));
    }

    #[test]
    fn a_clock_that_goes_back_changes_nothing() {
        let (limit, start) = (Limit::default(), Instant::now());
        let later = start + PERIOD;
        let admitted = (0..20).filter(|_| limit.admit(7, later).is_some());
        assert_eq!(admitted.count(), MOST as usize);
        assert_eq!(limit.admit(7, start), None);
    }
}
