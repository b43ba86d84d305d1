use std::{any::Any, cell::RefCell};

use super::{InFlight, Observe};

/// Holds what is known of one exchange while it is under way: whoever holds it when the exchange is over reports the
/// outcome, by a call or by dropping it. Empty where nothing is observed.
///
/// A pointer, for it moves from the service to the future to the body, and each of axum's wrappers around them copies
/// what it wraps: moved by value, it cost half as much again as all else that is measured.
pub(crate) struct Guard<O: Observe>(Option<Box<Place<O>>>);

/// Emptied when the exchange is over, so that a box to spare keeps nothing of it.
type Place<O> = Option<InFlight<O>>;

impl<O: Observe> Guard<O> {
    pub(crate) const fn empty() -> Self {
        Self(None)
    }

    /// Takes no new memory where the thread has a box to spare.
    #[inline]
    pub(super) fn of(in_flight: impl FnOnce() -> InFlight<O>) -> Self {
        // Before what it is for, which can then be made where it stays.
        let mut place: Box<Place<O>> = spare().unwrap_or_default();
        if place.is_none() {
            *place = Some(in_flight());
        }
        Self(Some(place))
    }

    /// What is known of the exchange.
    #[inline]
    pub(crate) fn in_flight(&mut self) -> Option<&mut InFlight<O>> {
        self.0.as_deref_mut()?.as_mut()
    }

    /// The same, as long as there is something to report.
    #[inline]
    pub(super) fn unreported(&mut self) -> Option<&mut InFlight<O>> {
        self.in_flight().filter(|in_flight| !in_flight.is_over())
    }

    /// Moves it on; what stays is empty.
    #[inline]
    pub(super) const fn take(&mut self) -> Self {
        Self(self.0.take())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl<O: Observe> Drop for Guard<O> {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.0.take() {
            leave(place);
        }
    }
}

/// Nobody holds it any more.
fn leave<O: Observe>(mut place: Box<Place<O>>) {
    if let Some(in_flight) = place.as_mut() {
        in_flight.leave();
    }
    // What is dropped may be the user's: it runs before anything is borrowed here.
    *place = None;
    keep(place);
}

thread_local! {
    /// Empty boxes, of whatever observers this thread's exchanges have.
    static SPARE: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// How many boxes a thread keeps; more are in use only where many exchanges end on a thread that starts few.
const MOST_SPARE: usize = 32;

fn spare<T: 'static>() -> Option<Box<T>> {
    let found = SPARE.try_with(|spare| {
        let mut spare = spare.try_borrow_mut().ok()?;
        match spare.pop()?.downcast() {
            Ok(last) => Some(last),
            Err(other) => search(&mut spare, other),
        }
    });
    found.ok().flatten()
}

/// Where a thread serves under different observers, `last` is another's: it goes back, but where it would keep this
/// one's boxes out.
#[cold]
fn search<T: 'static>(spare: &mut Vec<Box<dyn Any>>, last: Box<dyn Any>) -> Option<Box<T>> {
    let found = spare.iter().rposition(|spare| spare.is::<T>());
    let found = found.map(|at| spare.swap_remove(at));
    if spare.len() + 1 < MOST_SPARE {
        spare.push(last);
    }
    found?.downcast().ok()
}

fn keep<T: 'static>(place: Box<T>) {
    let _ = SPARE.try_with(|spare| {
        if let Ok(mut spare) = spare.try_borrow_mut()
            && spare.len() < MOST_SPARE
        {
            spare.push(place);
        }
    });
}
