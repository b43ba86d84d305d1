//! Whether the service can do its work: checks of what it depends on, asked in the background, and what it says of
//! itself.

mod built_in;
mod check;
mod checking;
mod invalid;
mod run;
mod state;
mod told;
mod verdict;

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::{join_all, select};
use tokio::task::AbortHandle;

use self::checking::Checking;
pub(crate) use self::state::{Standing, State};
pub use self::{check::HealthCheck, invalid::InvalidCheck};
use crate::{
    monitor::Core,
    timers::{elapsed, runtime_with_timers},
};

/// For an answer that comes in the last moment to be noted.
const SLACK: Duration = Duration::from_millis(100);

/// The checks of a monitor, what they said last, and the state of its service.
pub(crate) struct Health {
    checks: Box<[Arc<Checking>]>,
    interval: Duration,
    age_limit: Duration,
    pub(crate) standing: Standing,
    /// A task for each check, once they were started.
    tasks: Mutex<Vec<AbortHandle>>,
}

/// What one check says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked<'a> {
    pub(crate) name: &'a str,
    pub(crate) healthy: bool,
    pub(crate) latency: Duration,
    pub(crate) is_optional: bool,
}

impl Health {
    pub(crate) fn new(
        checks: Vec<(String, HealthCheck)>,
        interval: Duration,
        age_limit: Duration,
        state: State,
    ) -> Result<Self, InvalidCheck> {
        for (index, (name, _)) in checks.iter().enumerate() {
            InvalidCheck::if_unnamed(name)?;
            if checks[..index].iter().any(|(other, _)| other == name) {
                let problem = "is the name of two checks; expected each check to have its own";
                return Err(InvalidCheck::new(name, problem));
            }
        }
        let checks = checks.into_iter().map(|(name, check)| {
            let check = check.valid(&name)?;
            Ok(Arc::new(Checking::new(name, check)))
        });
        Ok(Self {
            checks: checks.collect::<Result<_, _>>()?,
            interval,
            age_limit,
            standing: Standing::new(state),
            tasks: Mutex::default(),
        })
    }

    pub(crate) fn longest_time_limit(checks: &[(String, HealthCheck)]) -> Duration {
        let limits = checks.iter().map(|(_, check)| check.time_limit);
        limits.max().unwrap_or_default()
    }

    /// Lets the checks be asked in the background, where they are not yet or their runtime is gone. Outside of a runtime
    /// they are not.
    pub(crate) fn keep_asking(&self, core: &Arc<Core>) {
        if self.checks.is_empty() {
            return;
        }
        let mut tasks = self.tasks();
        if tasks.len() == self.checks.len() && !tasks.iter().any(AbortHandle::is_finished) {
            return;
        }
        let Some(runtime) = runtime_with_timers() else {
            return;
        };
        tasks.drain(..).for_each(|task| task.abort());
        tasks.extend(self.checks.iter().map(|check| {
            let asking = Arc::clone(check).keep_asking(Arc::downgrade(core), self.interval);
            runtime.spawn(asking).abort_handle()
        }));
    }

    /// Nobody is to ask any more, but for those who still ask for the answers.
    pub(crate) fn stop_asking(&self) {
        self.tasks().drain(..).for_each(|task| task.abort());
    }

    /// Whether there is nothing to wait for.
    pub(crate) fn has_answers(&self) -> bool {
        self.checks.iter().all(|check| check.has_answered())
    }

    /// Waits until each check has had an answer, or has had the time for it; not where nobody asks.
    pub(crate) async fn first_answers(&self) {
        if self.tasks().is_empty() {
            return;
        }
        let limits = self.checks.iter().map(|check| check.check.time_limit);
        let limit = limits.max().unwrap_or_default().saturating_add(SLACK);
        let answers = join_all(self.checks.iter().map(|check| check.first_answer()));
        select(pin!(answers), pin!(elapsed(limit))).await;
    }

    /// What each check says; one that has said nothing is not healthy.
    pub(crate) fn checked(&self, core: &Core) -> Vec<Checked<'_>> {
        let checks = self.checks.iter();
        let checked = checks.map(|check| {
            let heard = check.heard(core, self.age_limit);
            Checked {
                name: &check.name,
                healthy: heard.is_some_and(|heard| heard.verdict.healthy),
                latency: heard.map(|heard| heard.latency).unwrap_or_default(),
                is_optional: check.check.is_optional,
            }
        });
        checked.collect()
    }

    /// Tells of answers that are too old, and measures them as failures.
    pub(crate) fn note_age(&self, core: &Core) {
        for check in &self.checks {
            check.heard(core, self.age_limit);
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        self.stop_asking();
    }
}
