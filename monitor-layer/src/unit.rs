//! What one exchange or job knows about itself: shared by all that runs inside it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::{
    error::Classification,
    exchange::Route,
    job::{JobAttempt, Standing},
    trace::SpanId,
};

/// The shared state of one exchange or job. Written rarely, so a plain mutex holds it.
#[derive(Default)]
pub(crate) struct Unit {
    state: Mutex<State>,
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
    /// Failures that were captured in here and may still be on their way up.
    pub(crate) captured: VecDeque<Captured>,
    /// What a job was started in, and at which span.
    pub(crate) outer: Option<(Weak<Unit>, SpanId)>,
}

/// A failure that was captured where it happened.
#[derive(Clone)]
pub(crate) struct Captured {
    /// The error's text and those of its sources.
    pub(crate) texts: Vec<String>,
    /// What it counts as, wherever it is told of again.
    pub(crate) classification: Classification,
    /// The span that gets to see the failure next, and that has nothing new to tell if it fails by it.
    pub(crate) next: Option<SpanId>,
}

impl Unit {
    pub(crate) fn new(state: State) -> Self {
        Self {
            state: Mutex::new(state),
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
