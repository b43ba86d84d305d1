use std::{
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tracing::Level;

/// How long the writer collects lines before it writes them, so that whoever logs seldom has to wake it.
const COLLECTING: Duration = Duration::from_millis(5);
/// After so many times without a line it sleeps until there is one.
const TIMES_IN_VAIN: u32 = 10;

/// Lines on their way to the writer's thread: bytes behind a short lock. Two buffers take turns, so that nothing is
/// allocated for a line once they have grown.
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something for the writer to do.
    filled: Condvar,
    /// The writer is done with something.
    written: Condvar,
    /// In bytes.
    limit: usize,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    /// How many lines were taken in, ever.
    accepted: u64,
    /// How many of them were written or given up.
    done: u64,
    /// Lines that found no room, since the writer last took over.
    dropped: u64,
    /// The writer waits for a call.
    asleep: bool,
    /// The writer is not to collect any longer.
    hurried: bool,
    /// No more lines will come.
    closed: bool,
    /// Somebody has waited in vain for the writer since it was last done with something.
    stalled: bool,
}

/// What the writer takes over.
pub(super) struct Taken {
    /// Lines that found no room after what was taken.
    pub(super) dropped: u64,
    end: u64,
}

impl Queue {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            written: Condvar::new(),
            limit,
        }
    }

    /// Takes a line in; `false` where there is no room for one of its level.
    pub(super) fn push(&self, line: &[u8], level: Level) -> bool {
        let mut state = self.lock();
        if state.lines.len() + line.len() > self.room(level) {
            state.dropped += 1;
            return false;
        }
        state.lines.extend_from_slice(line);
        state.accepted += 1;
        let fills_up = state.lines.len() > self.limit / 4 && !state.hurried;
        if state.asleep || fills_up {
            self.call(state);
        }
        true
    }

    /// Debug lines leave half of it to others, info lines a quarter.
    fn room(&self, level: Level) -> usize {
        match level {
            Level::ERROR | Level::WARN => self.limit,
            Level::INFO => self.limit / 4 * 3,
            _ => self.limit / 2,
        }
    }

    /// Waits for lines and puts them into `batch`, which is empty; `None` when no more will come.
    pub(super) fn take(&self, batch: &mut Vec<u8>) -> Option<Taken> {
        let mut state = self.lock();
        let mut times_in_vain = 0;
        while state.lines.is_empty() && !state.closed {
            state = if times_in_vain < TIMES_IN_VAIN {
                times_in_vain += 1;
                self.collect(state)
            } else {
                state.asleep = true;
                let woken = self.filled.wait_while(state, |state| state.asleep);
                woken.unwrap_or_else(PoisonError::into_inner)
            };
        }
        if state.lines.is_empty() {
            return None;
        }
        state.hurried = false;
        mem::swap(&mut state.lines, batch);
        Some(Taken {
            dropped: mem::take(&mut state.dropped),
            end: state.accepted,
        })
    }

    /// The writer is done with what it took, and lets more come together.
    pub(super) fn done(&self, taken: &Taken) {
        let mut state = self.lock();
        state.done = taken.end;
        state.stalled = false;
        self.written.notify_all();
        drop(self.collect(state));
    }

    fn collect<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self
            .filled
            .wait_timeout_while(state, COLLECTING, |state| !state.hurried && !state.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits until all that was taken in is written, for at most `deadline`.
    pub(super) fn flush(&self, deadline: Duration) {
        let start = Instant::now();
        let state = self.lock();
        let target = state.accepted;
        self.call(state);
        let deadline = deadline.saturating_sub(start.elapsed());
        let waited = self
            .written
            .wait_timeout_while(self.lock(), deadline, |state| state.done < target);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state.stalled |= timeout.timed_out() && state.done < target;
    }

    /// Whether the last one who waited for the writer has done so in vain.
    pub(super) fn is_stalled(&self) -> bool {
        self.lock().stalled
    }

    /// Lets the writer end once it has written what there is.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.call(state);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn call(&self, mut state: MutexGuard<'_, State>) {
        state.asleep = false;
        state.hurried = true;
        drop(state);
        self.filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held but for want of memory, and a half-written state cannot be.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_kept_for_what_matters_more() {
        let queue = Queue::new(100);
        let fill = |level| {
            (0..)
                .take_while(|_| queue.push(b"0123456789", level))
                .count()
        };
        assert_eq!(fill(Level::TRACE), 5);
        assert_eq!(fill(Level::DEBUG), 0);
        assert_eq!(fill(Level::INFO), 2);
        assert_eq!(fill(Level::WARN), 3);
        assert_eq!(fill(Level::ERROR), 0);
        let mut batch = Vec::new();
        let taken = queue.take(&mut batch).unwrap();
        assert_eq!((batch.len(), taken.dropped), (100, 5));
        assert_eq!(fill(Level::DEBUG), 5);
    }

    #[test]
    fn a_flush_without_a_writer_keeps_its_deadline_and_remembers() {
        let queue = Queue::new(100);
        queue.flush(Duration::from_secs(60));
        assert!(!queue.is_stalled(), "there was nothing to wait for");
        queue.push(b"line\n", Level::INFO);
        let start = Instant::now();
        queue.flush(Duration::from_millis(20));
        assert!(start.elapsed() < Duration::from_secs(30));
        assert!(queue.is_stalled());
        let taken = queue.take(&mut Vec::new()).unwrap();
        queue.done(&taken);
        assert!(!queue.is_stalled());
    }

    #[test]
    fn what_was_taken_in_is_handed_over_before_the_end() {
        let queue = Queue::new(100);
        queue.push(b"line\n", Level::INFO);
        queue.close();
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch).is_some());
        assert_eq!(batch, b"line\n");
        assert!(queue.take(&mut Vec::new()).is_none());
    }
}
