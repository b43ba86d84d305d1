//! The failures of one exchange or job: those that may still be on their way up, and those that wait for its end.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Category, Classification, Draft, Failure, Said, Teller, exchange::STATUS_TYPE};
use crate::{monitor::Core, trace::SpanId};

/// Enough to know a failure again on its way up: those before it have mostly arrived or were handled.
const REMEMBERED: usize = 64;
/// How many wait in one exchange or job; the oldest of more is sent before its end.
const MOST_WAITING: usize = 16;

/// How many tell of one failure in one place.
const MOST_TELLERS: usize = 8;

/// Held by a unit. Takes memory when something fails.
#[derive(Default)]
pub(crate) struct Failures(Mutex<State>);

#[derive(Default)]
struct State {
    known: VecDeque<Known>,
    waiting: VecDeque<Draft>,
    /// Whose they are.
    core: Option<Arc<Core>>,
    /// Nothing waits any more.
    is_over: bool,
    noted: u64,
}

/// A failure that was noted where it happened.
struct Known {
    number: u64,
    /// The error's text and those of its sources.
    texts: Vec<String>,
    /// What it counts as, wherever it is told of again.
    classification: Classification,
    /// The span that gets to see the failure next, and that has nothing new to tell if it fails by it.
    next: Option<SpanId>,
    /// Who told of it there.
    tellers: Vec<Teller>,
    /// A log line told of it, so that its type is not known: whoever fails by it knows better what it counts as.
    is_uncounted: bool,
}

/// Where a failure is seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// The exchange, job or step.
    pub(super) at: SpanId,
    /// What it is in.
    pub(super) enclosing: Option<SpanId>,
    /// Who tells of it, where nothing fails by it, so that what this is in does not see it next.
    pub(super) teller: Option<Teller>,
}

/// What is left to be done for failures, without the lock.
#[derive(Default)]
#[must_use]
pub(super) struct Due {
    pub(super) core: Option<Arc<Core>>,
    pub(super) uncounted: Vec<Category>,
    pub(super) drafts: Vec<Draft>,
}

/// What a failure is known for, if it is.
pub(super) struct Recognised {
    pub(super) classification: Classification,
    /// How many have to be counted now.
    pub(super) uncounted: usize,
}

impl Failures {
    /// What this failure is known for, if it was noted further in or in the same place. What was said of it then and
    /// what is said now is one.
    pub(super) fn recognise(
        &self,
        seen: Seen,
        failure: &Failure,
        said: &mut Said,
    ) -> Option<Recognised> {
        let state = &mut *self.lock();
        let mut recognised: Option<Recognised> = None;
        for known in &mut state.known {
            if !known.is_seen(seen, failure) {
                continue;
            }
            let mut uncounted = recognised.as_ref().map_or(0, |known| known.uncounted);
            let mut waiting = state.waiting.iter_mut();
            let mut draft = waiting.find(|draft| draft.number() == known.number);
            if let Some(teller) = seen.teller {
                known.tellers.push(teller);
            } else {
                known.tellers.clear();
                known.next = seen.enclosing;
                known.texts = texts(failure).cloned().collect();
                if mem::take(&mut known.is_uncounted) {
                    uncounted += 1;
                    known.classification = failure.classification.clone();
                    if let Some(draft) = &mut draft {
                        draft.is_of(failure);
                    }
                }
            }
            if let Some(draft) = draft {
                draft.say(mem::take(said));
            }
            recognised = Some(Recognised {
                classification: known.classification.clone(),
                uncounted,
            });
            // What is told again may be the first of several alike.
            if seen.teller.is_some() {
                break;
            }
        }
        recognised.or_else(|| behind_answer(state, failure))
    }

    /// Remembers a failure, so that it is known on its way up; gives it a number.
    pub(super) fn remember(
        &self,
        failure: &Failure,
        next: Option<SpanId>,
        teller: Option<Teller>,
        is_uncounted: bool,
    ) -> (u64, Option<Category>) {
        let state = &mut *self.lock();
        let oldest = match state.known.len() {
            REMEMBERED => state.known.pop_front(),
            _ => None,
        };
        state.noted += 1;
        state.known.push_back(Known {
            number: state.noted,
            texts: texts(failure).cloned().collect(),
            classification: failure.classification.clone(),
            next,
            tellers: teller.into_iter().collect(),
            is_uncounted,
        });
        let oldest = oldest.filter(|oldest| oldest.is_uncounted);
        let category = oldest.map(|oldest| oldest.classification.category);
        (state.noted, category)
    }

    /// Lets an event wait for the unit's end; gives back what there is no waiting for.
    pub(super) fn wait(&self, core: &Arc<Core>, draft: Draft) -> Option<Draft> {
        let state = &mut *self.lock();
        if state.is_over {
            return Some(draft);
        }
        state.core.get_or_insert_with(|| Arc::clone(core));
        state.waiting.push_back(draft);
        match state.waiting.len() > MOST_WAITING {
            true => state.waiting.pop_front(),
            false => None,
        }
    }

    /// Says whose they are, and whether there is still an end to come.
    pub(super) fn belong_to(&self, core: &Arc<Core>) -> bool {
        let state = &mut *self.lock();
        state.core.get_or_insert_with(|| Arc::clone(core));
        !state.is_over
    }

    /// Ends the waiting; what comes later does not wait, unless the unit goes on.
    pub(super) fn end(&self, goes_on: bool) -> Due {
        let state = &mut *self.lock();
        state.is_over |= !goes_on;
        state.due()
    }

    /// What still waits, for there is no other end.
    pub(super) fn take(&mut self) -> Due {
        let state = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.due()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_seen(&self, seen: Seen, failure: &Failure) -> bool {
        let is_new = |teller| !self.tellers.contains(&teller) && self.tellers.len() < MOST_TELLERS;
        self.next == Some(seen.at)
            && seen.teller.is_none_or(is_new)
            && is_same(&self.texts, &texts(failure).cloned().collect::<Vec<_>>())
    }
}

impl State {
    fn due(&mut self) -> Due {
        if self.noted == 0 {
            return Due::default();
        }
        let uncounted = self.known.iter_mut().filter_map(|known| {
            mem::take(&mut known.is_uncounted).then_some(known.classification.category)
        });
        Due {
            uncounted: uncounted.collect(),
            drafts: self.waiting.drain(..).collect(),
            core: self.core.clone(),
        }
    }
}

/// An answer's status says nothing of which failure led to it: the last one did.
fn behind_answer(state: &State, failure: &Failure) -> Option<Recognised> {
    let last = state
        .known
        .back()
        .filter(|_| failure.type_name == STATUS_TYPE)?;
    Some(Recognised {
        classification: last.classification.clone(),
        uncounted: 0,
    })
}

/// Whether two are one, as far as their texts tell: one of them was made from the other, with texts before it, or without
/// those behind it.
fn is_same(one: &[String], other: &[String]) -> bool {
    let begins_in = |inner: &[String], outer: &[String]| {
        let start = outer.iter().position(|text| Some(text) == inner.first());
        start.is_some_and(|start| inner.iter().zip(&outer[start..]).all(|(a, b)| a == b))
    };
    begins_in(one, other) || begins_in(other, one)
}

fn texts(failure: &Failure) -> impl Iterator<Item = &String> {
    std::iter::once(&failure.message).chain(&failure.chain)
}

#[cfg(test)]
mod tests {
    use super::is_same;

    fn texts(texts: &str) -> Vec<String> {
        texts.split(": ").map(str::to_owned).collect()
    }

    #[test]
    fn an_error_is_known_with_texts_before_it_and_without_those_behind_it() {
        let known = texts("load: no disk");
        for same in [
            "load: no disk",
            "render: load: no disk",
            "load",
            "render: load",
            "no disk",
        ] {
            assert!(is_same(&known, &texts(same)), "{same}");
            assert!(is_same(&texts(same), &known), "{same}");
        }
        for other in ["load: no network", "render: load: no network", "render"] {
            assert!(!is_same(&known, &texts(other)), "{other}");
        }
    }
}
