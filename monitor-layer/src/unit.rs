//! What one exchange or job knows about itself: shared by all that runs inside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exchange::Route;

/// The shared state of one exchange or job. Written rarely, so a plain mutex holds it.
#[derive(Default)]
pub(crate) struct Unit(Mutex<State>);

#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) user: Option<Arc<str>>,
    pub(crate) job: Option<Arc<str>>,
    /// The kind of job, for jobs.
    pub(crate) niche: Option<Arc<str>>,
    /// In the order in which their keys first came.
    pub(crate) tags: Vec<(String, String)>,
    /// The template that an inner layer named, for an outer one that cannot see it.
    pub(crate) route: Option<Route>,
    /// Set by the monitor's own endpoints: this exchange is neither measured nor logged.
    pub(crate) unmeasured: bool,
    /// The texts of failures that were captured here already.
    pub(crate) captured: Vec<String>,
    /// What a job was started in: what the job captures need not be captured again there.
    pub(crate) outer: Option<Arc<Unit>>,
}

impl Unit {
    pub(crate) fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held, and a half-written state cannot be.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_user(&self, user: Arc<str>) {
        self.lock().user = Some(user);
    }

    pub(crate) fn set_job(&self, job: Arc<str>) {
        self.lock().job = Some(job);
    }

    pub(crate) fn set_tag(&self, key: String, value: String) {
        let mut state = self.lock();
        match state.tags.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => state.tags.push((key, value)),
        }
    }
}
