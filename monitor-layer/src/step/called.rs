use std::sync::Arc;

use super::{
    StepSite,
    fields::{FieldRecorder, StepFields},
};
use crate::{
    exchange::guarded,
    monitor::{Core, Monitor, current_core},
};

/// A step that was called and has not started: its site, and what the attribute was given for this call.
#[derive(Clone)]
pub struct Step {
    pub(super) site: &'static StepSite,
    pub(super) core: Option<Arc<Core>>,
    pub(super) fields: Option<Arc<StepFields>>,
}

impl Step {
    pub(super) const fn of(site: &'static StepSite) -> Self {
        Self {
            site,
            core: None,
            fields: None,
        }
    }

    /// To be observed by this monitor.
    #[must_use]
    pub fn monitor(mut self, monitor: &Monitor) -> Self {
        self.core = Some(Arc::clone(monitor.core()));
        self
    }

    /// With these fields, if somebody is there to read them.
    #[must_use]
    pub fn fields(mut self, record: impl FnOnce(&mut FieldRecorder)) -> Self {
        let is_read = self.core.is_some() || self.site.wants_span() || current_core().is_some();
        if is_read {
            // What shows a value is the user's, and may panic.
            self.fields = guarded(|| {
                let mut recorder = FieldRecorder::new(self.site);
                record(&mut recorder);
                recorder.finish()
            });
        }
        self
    }
}

impl std::fmt::Debug for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Step")
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}
