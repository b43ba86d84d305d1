use std::{fmt, sync::Arc};

use super::{ErrorEvent, chain::guarded};

type Change = dyn Fn(ErrorEvent) -> Option<ErrorEvent> + Send + Sync;

/// What the user makes of each event before it is sent.
#[derive(Clone)]
pub(crate) struct BeforeSend(Arc<Change>);

/// What became of an event.
pub(super) enum Changed {
    Kept(ErrorEvent),
    /// The user does not want it.
    Dropped,
    /// The user's code panicked. What it would have taken out may be in there, so that it is lost.
    Lost,
}

impl BeforeSend {
    pub(crate) fn new(
        change: impl Fn(ErrorEvent) -> Option<ErrorEvent> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(change))
    }

    pub(super) fn apply(&self, event: ErrorEvent) -> Changed {
        match guarded(|| (self.0)(event)) {
            Some(Some(event)) => Changed::Kept(event),
            Some(None) => Changed::Dropped,
            None => Changed::Lost,
        }
    }
}

impl fmt::Debug for BeforeSend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BeforeSend").finish_non_exhaustive()
    }
}
