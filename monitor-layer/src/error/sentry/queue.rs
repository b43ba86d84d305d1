use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What waits to be sent, up to a number of things.
pub(super) struct Queue<T> {
    limit: usize,
    state: Mutex<State<T>>,
    /// Something came, or it was closed.
    came: Condvar,
    /// All is sent or lost.
    emptied: Condvar,
}

struct State<T> {
    waiting: VecDeque<T>,
    /// Taken, and neither sent nor lost yet.
    under_way: usize,
    is_closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                under_way: 0,
                is_closed: false,
            }),
            came: Condvar::new(),
            emptied: Condvar::new(),
        }
    }

    /// Gives back what there is no room for.
    pub(super) fn push(&self, item: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.is_closed || state.waiting.len() >= self.limit {
            return Err(item);
        }
        state.waiting.push_back(item);
        drop(state);
        self.came.notify_one();
        Ok(())
    }

    /// Waits for the next one, until then; an error says that there is none to come any more.
    pub(super) fn take(&self, until: Option<Instant>) -> Result<Option<T>, Closed> {
        let mut state = self.lock();
        loop {
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
            if let Some(item) = state.waiting.pop_front() {
                state.under_way += 1;
                return Ok(Some(item));
            }
            if state.is_closed {
                return Err(Closed);
            }
            let Some(until) = until else {
                state = self
                    .came
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            (state, _) = self
                .came
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// One that was taken is sent or lost.
    pub(super) fn done(&self) {
        self.lock().under_way -= 1;
        self.emptied.notify_all();
    }

    /// Waits until nothing is on its way, for at most `deadline`.
    pub(super) fn flush(&self, deadline: Duration) {
        let start = Instant::now();
        let mut state = self.lock();
        while !state.waiting.is_empty() || state.under_way > 0 {
            let left = deadline.saturating_sub(start.elapsed());
            if left.is_zero() {
                return;
            }
            (state, _) = self
                .emptied
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing comes any more; what waits is still taken.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.came.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing comes any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_comes_back_and_what_waits_is_taken_though_it_is_closed() {
        let queue = Queue::new(2);
        assert_eq!(
            [queue.push(1), queue.push(2), queue.push(3)],
            [Ok(()), Ok(()), Err(3)]
        );
        queue.close();
        assert_eq!(queue.push(4), Err(4));
        assert_eq!(
            [queue.take(None), queue.take(None)],
            [Ok(Some(1)), Ok(Some(2))]
        );
        assert_eq!(queue.take(None), Err(Closed));
    }

    #[test]
    fn a_flush_waits_for_what_is_under_way_and_no_longer_than_its_deadline() {
        let queue = Queue::new(2);
        queue.push(1).unwrap();
        queue.flush(Duration::from_millis(1));
        assert_eq!(queue.take(Some(Instant::now())), Ok(None), "it is time");
        assert_eq!(queue.take(None), Ok(Some(1)));
        queue.flush(Duration::from_millis(1));
        queue.done();
        queue.flush(Duration::MAX / 4);
        assert_eq!(queue.take(Some(Instant::now())), Ok(None));
    }
}
