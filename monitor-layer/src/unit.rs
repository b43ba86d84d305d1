//! What one exchange or job knows about itself: shared by all that runs inside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::{
    error::{Breadcrumbs, Failures},
    exchange::Route,
    job::{JobAttempt, Standing},
    trace::SpanId,
};

/// The shared state of one exchange or job. Written rarely, so a plain mutex holds it.
#[derive(Default)]
pub(crate) struct Unit {
    state: Mutex<State>,
    /// What failed in here.
    pub(crate) failures: Failures,
    /// Its last log lines.
    pub(crate) breadcrumbs: Breadcrumbs,
    /// Its steps that are over, for its transaction.
    #[cfg(feature = "sentry")]
    pub(crate) steps: crate::error::StepSpans,
    /// What its spans are to tell once they are over.
    #[cfg(feature = "otlp")]
    pub(crate) trail: crate::trace::otlp::Trail,
}

#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) user: Option<Arc<str>>,
    pub(crate) job: Option<Arc<str>>,
    /// The kind of job, for jobs.
    pub(crate) niche: Option<Arc<str>>,
    /// Which attempt of the job this is, from 1, for jobs.
    pub(crate) attempt: Option<u32>,
    /// How many attempts there are at most, where that is known.
    pub(crate) max_attempts: Option<u32>,
    /// What outlasts the attempts, for jobs.
    pub(crate) standing: Option<Arc<Standing>>,
    /// In the order in which their keys first came.
    pub(crate) tags: Vec<(String, String)>,
    /// The template that an inner layer named, for an outer one that cannot see it.
    pub(crate) route: Option<Route>,
    /// The innermost step that was cut off as a deadline passed.
    #[cfg(feature = "server")]
    pub(crate) cut_off_step: Option<&'static str>,
    /// What a job was started in, and at which span.
    pub(crate) outer: Option<(Weak<Unit>, SpanId)>,
}

impl Unit {
    pub(crate) fn new(state: State) -> Self {
        Self {
            state: Mutex::new(state),
            failures: Failures::default(),
            breadcrumbs: Breadcrumbs::default(),
            #[cfg(feature = "sentry")]
            steps: Default::default(),
            #[cfg(feature = "otlp")]
            trail: Default::default(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held, and a half-written state cannot be.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That of the attempt after this one, which knows what was said of the job and nothing of what failed.
    pub(crate) fn next_attempt(&self) -> Self {
        let state = self.lock();
        Self {
            state: Mutex::new(State {
                user: state.user.clone(),
                job: state.job.clone(),
                niche: state.niche.clone(),
                attempt: state.attempt.map(|attempt| attempt.saturating_add(1)),
                max_attempts: state.max_attempts,
                standing: state.standing.clone(),
                tags: state.tags.clone(),
                outer: state.outer.clone(),
                ..State::default()
            }),
            failures: Failures::default(),
            breadcrumbs: Breadcrumbs::default(),
            #[cfg(feature = "sentry")]
            steps: Default::default(),
            // The attempts are one span.
            #[cfg(feature = "otlp")]
            trail: self.trail.take(),
        }
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

impl State {
    pub(crate) fn job_attempt(&self) -> Option<JobAttempt> {
        Some(JobAttempt::new(self.attempt?, self.max_attempts))
    }
}
