use std::{any::Any, cell::RefCell};

use super::{InFlight, Observe};

/// Holds what is known of one exchange while it is under way: whoever holds it when the exchange is over reports the
/// outcome, by a call or by dropping it. Empty where nothing is observed.
///
/// A pointer, for it moves from the service to the future to the body, and each of axum's wrappers around them copies
/// what it wraps: by value, those copies were a seventh of all that it cost to measure a request.
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::Request;

    use super::*;
    use crate::exchange::RequestHead;

    #[derive(Clone)]
    struct Holding(Arc<()>);

    impl Observe for Holding {
        type Exchange = Arc<()>;

        fn start(&self, _request: &RequestHead<'_>) -> Arc<()> {
            Arc::clone(&self.0)
        }
    }

    fn boxes() -> usize {
        SPARE.with_borrow(Vec::len)
    }

    #[test]
    fn a_box_is_used_again_and_keeps_nothing_of_what_it_held() {
        let held = Arc::new(());
        for _ in 0..3 {
            let guard = InFlight::start(Holding(Arc::clone(&held)), None, None, &Request::new(()));
            assert_eq!(Arc::strong_count(&held), 3);
            assert_eq!(boxes(), 0);
            drop(guard);
            assert_eq!(Arc::strong_count(&held), 1);
            assert_eq!(boxes(), 1);
        }
    }

    #[test]
    fn boxes_of_different_observers_do_not_get_in_each_other_s_way() {
        keep(Box::new(1_u64));
        keep(Box::new(2_u32));
        assert_eq!(spare::<u64>().as_deref(), Some(&1));
        assert_eq!(spare::<u64>(), None);
        assert_eq!(spare::<u32>().as_deref(), Some(&2));
    }

    #[test]
    fn a_thread_full_of_another_observer_s_boxes_makes_room() {
        (0..2 * MOST_SPARE).for_each(|_| keep(Box::new(0_u32)));
        assert_eq!(boxes(), MOST_SPARE);
        assert_eq!(spare::<u64>(), None);
        keep(Box::new(7_u64));
        assert_eq!(spare::<u64>().as_deref(), Some(&7));
    }
}
