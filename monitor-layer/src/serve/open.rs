use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::state::{ConnectionState, Stage};
use crate::{metrics::OpenConnection, monitor::Core};

/// The connections of one server. Locked when one is opened and closed, and not between.
pub(super) struct OpenConnections {
    core: Arc<Core>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    stage: Stage,
    next: u64,
    open: HashMap<u64, Arc<ConnectionState>>,
}

/// A connection's place among them, which goes wherever its socket goes: an upgraded one is open until that is closed.
pub(super) struct Place {
    pub(super) state: Arc<ConnectionState>,
    connections: Arc<OpenConnections>,
    number: u64,
    counted: Option<OpenConnection>,
}

impl OpenConnections {
    pub(super) fn new(core: &Arc<Core>) -> Self {
        core.metrics.count_connections();
        Self {
            core: Arc::clone(core),
            table: Mutex::default(),
        }
    }

    pub(super) fn open(self: &Arc<Self>) -> Place {
        let counted = OpenConnection::new(&self.core.metrics);
        let mut table = self.lock();
        let state = Arc::new(ConnectionState::new(table.stage));
        let number = table.next;
        table.next += 1;
        table.open.insert(number, Arc::clone(&state));
        drop(table);
        Place {
            state,
            connections: Arc::clone(self),
            number,
            counted: Some(counted),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.lock().open.len()
    }

    /// Tells all of them, and those to come.
    pub(super) fn advance(&self, stage: Stage) {
        let mut table = self.lock();
        table.stage = stage;
        let open: Vec<_> = table.open.values().cloned().collect();
        drop(table);
        for state in open {
            state.advance(stage);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while the lock is held.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // First, for whoever sees that no connection is open reads the number of them.
        drop(self.counted.take());
        self.connections.lock().open.remove(&self.number);
    }
}
