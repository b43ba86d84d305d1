use std::{sync::Arc, time::Duration};

use super::Core;

const DEADLINE: Duration = Duration::from_secs(2);

/// Held by every clone of a monitor and by its layers, not by the work under way nor by the process's global: its
/// drop is the end of the last one that could start new work.
pub(super) struct Lifetime {
    pub(super) core: Arc<Core>,
    /// Ends with it.
    #[cfg(feature = "server")]
    pub(super) _sampling: Option<crate::queue::Sampling>,
}

impl Drop for Lifetime {
    fn drop(&mut self) {
        #[cfg(feature = "server")]
        self.core.health.stop_asking();
        self.core.flush(DEADLINE);
    }
}
