use std::{fmt, sync::Arc};

use super::{ErrorEvent, chain::guarded};

type Change = dyn Fn(ErrorEvent) -> Option<ErrorEvent> + Send + Sync;

/// What the user makes of each event before it is sent.
#[derive(Clone)]
pub(crate) struct BeforeSend(Arc<Change>);

/// The user's code panicked: what it would have taken out may still be in the event.
pub(super) struct Panicked;

impl BeforeSend {
    pub(crate) fn new(
        change: impl Fn(ErrorEvent) -> Option<ErrorEvent> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(change))
    }

    /// `None` where the user does not want it.
    pub(super) fn apply(&self, event: ErrorEvent) -> Result<Option<ErrorEvent>, Panicked> {
        guarded(|| (self.0)(event)).ok_or(Panicked)
    }
}

impl fmt::Debug for BeforeSend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BeforeSend").finish_non_exhaustive()
    }
}
