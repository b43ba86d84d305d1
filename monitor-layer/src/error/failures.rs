//! The failures of one exchange or job: those that may still be on their way up, and those that wait for its end.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Category, Classification, Draft, Failure, Said, exchange::STATUS_TYPE};
use crate::{monitor::Core, trace::SpanId};

/// Enough to know a failure again on its way up: those before it have mostly arrived or were handled.
const REMEMBERED: usize = 64;
/// How many wait in one exchange or job; the oldest of more is sent before its end.
const MOST_WAITING: usize = 16;

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
    /// Whether it fails by it, so that what it is in sees it next.
    pub(super) fails: bool,
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
    /// It has to be counted now.
    pub(super) is_uncounted: bool,
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
            let is_same = known.next == Some(seen.at)
                && texts(failure).any(|text| known.texts.contains(text));
            if !is_same {
                continue;
            }
            if seen.fails {
                known.next = seen.enclosing;
                known.texts = texts(failure).cloned().collect();
            }
            let was_uncounted = mem::take(&mut known.is_uncounted) && seen.fails;
            known.is_uncounted |= !seen.fails && was_uncounted;
            if was_uncounted {
                known.classification = failure.classification.clone();
            }
            let mut waiting = state.waiting.iter_mut();
            if let Some(draft) = waiting.find(|draft| draft.number() == known.number) {
                if was_uncounted {
                    draft.is_of(failure);
                }
                draft.say(mem::take(said));
            }
            let is_uncounted = was_uncounted
                || recognised
                    .as_ref()
                    .is_some_and(|recognised| recognised.is_uncounted);
            recognised = Some(Recognised {
                classification: known.classification.clone(),
                is_uncounted,
            });
        }
        recognised.or_else(|| behind_answer(state, failure))
    }

    /// Remembers a failure, so that it is known on its way up; gives it a number.
    pub(super) fn remember(
        &self,
        failure: &Failure,
        next: Option<SpanId>,
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
        is_uncounted: false,
    })
}

fn texts(failure: &Failure) -> impl Iterator<Item = &String> {
    std::iter::once(&failure.message).chain(&failure.chain)
}
