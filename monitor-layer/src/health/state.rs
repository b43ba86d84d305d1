use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the service takes work: only where it is `Ready` can `/ready` answer 200, whatever the checks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not until it is told to.
    Starting,
    Ready,
    /// It stops, and takes no new work. Final.
    Draining,
}

/// The state of a monitor's service.
#[derive(Debug)]
pub(crate) struct Standing(AtomicU8);

impl Standing {
    pub(super) const fn new(state: State) -> Self {
        Self(AtomicU8::new(state as u8))
    }

    pub(crate) fn state(&self) -> State {
        match self.0.load(Ordering::Relaxed) {
            0 => State::Starting,
            1 => State::Ready,
            _ => State::Draining,
        }
    }

    /// Nothing where it drains already.
    pub(crate) fn ready(&self) {
        let _ = self.0.compare_exchange(
            State::Starting as u8,
            State::Ready as u8,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    pub(crate) fn drain(&self) {
        self.0.store(State::Draining as u8, Ordering::Relaxed);
    }
}
