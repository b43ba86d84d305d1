use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{JobAttempt, Progress};
use crate::{
    exchange::guarded,
    metrics::{Business, InvalidAmount, JobEnd, Metrics, Signal},
};

/// How many resources' costs are told apart in one job; those of further ones are summed up as `_other`.
const MOST_RESOURCES: usize = 64;
const OTHER: &str = "_other";

/// What outlasts a job's attempts: shared by the job, by all that runs inside it, and by its handles.
pub(crate) struct Standing {
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

struct State {
    niche: Arc<str>,
    attempt: JobAttempt,
    progress: Option<Progress>,
    on_progress: Option<Arc<OnProgress>>,
    /// Until it is known how the job ends.
    costs: Vec<(Box<str>, f64)>,
    /// What costs count as, once that is known.
    settled: Option<JobEnd>,
    end: Option<JobEnd>,
    goes_back: bool,
}

type OnProgress = dyn Fn(Progress) + Send + Sync;

impl Standing {
    pub(super) fn new(metrics: Arc<Metrics>, niche: Arc<str>) -> Self {
        Self {
            metrics,
            state: Mutex::new(State {
                niche,
                attempt: JobAttempt::new(1, None),
                progress: None,
                on_progress: None,
                costs: Vec::new(),
                settled: None,
                end: None,
                goes_back: false,
            }),
        }
    }

    /// An attempt begins.
    pub(super) fn begin(&self, niche: &Arc<str>, attempt: JobAttempt) {
        let mut state = self.lock();
        state.niche = Arc::clone(niche);
        state.attempt = attempt;
        state.progress = None;
    }

    /// No further attempt is made here. `end` is what its costs count as, and how the job ended if `is_over`.
    pub(super) fn settle(&self, end: JobEnd, is_over: bool) {
        let mut state = self.lock();
        state.settled = Some(end);
        state.end = is_over.then_some(end);
        let (niche, costs) = (Arc::clone(&state.niche), std::mem::take(&mut state.costs));
        drop(state);
        for (resource, usd) in costs {
            // Each was looked at when it came; what the total cannot take is counted there.
            let _ = Business::of(&self.metrics).job_cost(&niche, end, &resource, usd);
        }
    }

    /// What it used of a resource, in US dollars.
    pub(crate) fn cost(&self, usd: f64, resource: &str) -> Result<(), InvalidAmount> {
        let business = Business::of(&self.metrics);
        business.check(usd)?;
        let mut state = self.lock();
        if let Some(end) = state.settled {
            let niche = Arc::clone(&state.niche);
            drop(state);
            return business.job_cost(&niche, end, resource, usd);
        }
        let known = |costs: &[(Box<str>, f64)], resource: &str| {
            costs.iter().position(|(known, _)| **known == *resource)
        };
        let mut place = known(&state.costs, resource);
        let mut resource = resource;
        if place.is_none() && state.costs.len() >= MOST_RESOURCES {
            resource = OTHER;
            place = known(&state.costs, resource);
        }
        match place {
            Some(place) => {
                let sum = state.costs[place].1 + usd;
                business.check(sum)?;
                state.costs[place].1 = sum;
            }
            None => state.costs.push((resource.into(), usd)),
        }
        Ok(())
    }

    pub(super) fn set_on_progress(&self, on_progress: Arc<OnProgress>) {
        self.lock().on_progress = Some(on_progress);
    }

    pub(super) fn set_progress(&self, progress: Progress) {
        let mut state = self.lock();
        state.progress = Some(progress);
        let on_progress = state.on_progress.clone();
        drop(state);
        // It is the user's and may panic, or ask for the progress.
        if let Some(on_progress) = on_progress {
            guarded(|| on_progress(progress));
        }
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.lock().progress
    }

    pub(super) fn attempt(&self) -> JobAttempt {
        self.lock().attempt
    }

    pub(super) fn end(&self) -> Option<JobEnd> {
        self.lock().end
    }

    pub(super) fn set_goes_back(&self) {
        self.lock().goes_back = true;
    }

    pub(super) fn goes_back(&self) -> bool {
        self.lock().goes_back
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Costs of a job that was never run have no end to be counted under.
impl Drop for Standing {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        for _ in &state.costs {
            self.metrics.dropped(Signal::Observers);
        }
    }
}
