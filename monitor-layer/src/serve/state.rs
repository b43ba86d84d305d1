use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::Waker;

use futures_util::task::AtomicWaker;

/// How far a server is with its end. In this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    #[default]
    Serving,
    /// Each connection is closed after its answer.
    Draining,
    /// Connections close as soon as nothing is in flight in them.
    Closing,
    /// Connections are over.
    Cut,
}

/// One connection, as its task, its requests and its server see it: all that they share, for what is shared by all
/// connections costs all of them at every request.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    stage: AtomicU8,
    has_request: AtomicBool,
    is_upgraded: AtomicBool,
    /// Of whoever waits for something to happen: the task, then who has the upgraded connection.
    waker: AtomicWaker,
}

impl ConnectionState {
    pub(super) fn new(stage: Stage) -> Self {
        Self {
            stage: AtomicU8::new(stage as u8),
            ..Self::default()
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Serving,
            1 => Stage::Draining,
            2 => Stage::Closing,
            _ => Stage::Cut,
        }
    }

    pub(super) fn advance(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
        self.waker.wake();
    }

    /// Wakes when the stage changes. To be called before the stage is looked at.
    pub(super) fn watch(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// A request has come.
    pub(super) fn see_request(&self) {
        if !self.has_request() {
            self.has_request.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn has_request(&self) -> bool {
        self.has_request.load(Ordering::Relaxed)
    }

    /// It goes on in another protocol, and no more in its task.
    pub(super) fn set_upgraded(&self) {
        self.is_upgraded.store(true, Ordering::Release);
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Acquire)
    }
}
