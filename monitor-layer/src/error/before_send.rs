use std::{cell::Cell, fmt, sync::Arc};

use super::{ErrorEvent, chain::guarded};

type Change = dyn Fn(ErrorEvent) -> Option<ErrorEvent> + Send + Sync;

/// What the user makes of each event before it is sent.
#[derive(Clone)]
pub(crate) struct BeforeSend(Arc<Change>);

/// The user's code panicked, so that what it would have taken out may still be in the event; or the event is of a failure
/// in that code itself, which would go on without an end.
pub(super) struct Lost;

thread_local! {
    /// This thread is inside of the user's code.
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

impl BeforeSend {
    pub(crate) fn new(
        change: impl Fn(ErrorEvent) -> Option<ErrorEvent> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(change))
    }

    /// `None` where the user does not want it.
    pub(super) fn apply(&self, event: ErrorEvent) -> Result<Option<ErrorEvent>, Lost> {
        if ASKED.try_with(|asked| asked.replace(true)).unwrap_or(true) {
            return Err(Lost);
        }
        let changed = guarded(|| (self.0)(event));
        let _ = ASKED.try_with(|asked| asked.set(false));
        changed.ok_or(Lost)
    }
}

impl fmt::Debug for BeforeSend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BeforeSend").finish_non_exhaustive()
    }
}
