use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tracing::Level;

use super::{Standing, TARGET};
use crate::{
    clock::Start,
    log::Key,
    monitor::{Abandoned, Core},
    trace::current::{self, Scope},
};

/// Of a job that ends when all others have: the runtime's end drops it, and the process is gone after that.
const LAST_FLUSH: Duration = Duration::from_millis(500);

/// The jobs that are under way. Few start in a second, so a plain mutex holds them.
#[derive(Default)]
pub(crate) struct JobsInFlight(Mutex<Table>);

#[derive(Default)]
struct Table {
    next: u64,
    jobs: BTreeMap<u64, JobInFlight>,
}

/// What is to be told of a job that does not end.
#[derive(Clone)]
pub(super) struct JobInFlight {
    pub(super) scope: Scope,
    pub(super) niche: Arc<str>,
    pub(super) standing: Arc<Standing>,
    pub(super) started: Start,
}

/// A job's place among those that are under way; its drop is the job's end.
pub(super) struct Place {
    core: Arc<Core>,
    number: u64,
}

impl Place {
    pub(super) fn of(core: &Arc<Core>, job: JobInFlight) -> Self {
        let mut table = core.jobs.lock();
        let number = table.next;
        table.next += 1;
        table.jobs.insert(number, job);
        drop(table);
        Self {
            core: Arc::clone(core),
            number,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.core.jobs.lock();
        let (job, is_last) = (table.jobs.remove(&self.number), table.jobs.is_empty());
        drop(table);
        // What it holds may be the last of its kind: it goes when the lock is free.
        drop(job);
        if is_last && self.core.shutdown.has_passed() {
            // Nobody else sends what this job and those before it have told of their ends.
            self.core.flush(LAST_FLUSH);
        }
    }
}

impl JobsInFlight {
    pub(crate) fn count(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Tells of each that it is abandoned where it stands.
    pub(crate) fn abandon(&self) {
        let jobs: Vec<_> = self.lock().jobs.values().cloned().collect();
        for job in jobs {
            let step = job.standing.progress().map(|progress| progress.step);
            let Some(core) = job.scope.core.clone() else {
                continue;
            };
            let mut scope = Some(job.scope.boxed());
            current::enter(&mut scope, || {
                tell_abandoned(&core, &job.niche, step, job.started);
            });
            current::recycle(scope);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With the job's scope current.
pub(super) fn tell_abandoned(core: &Core, niche: &str, step: Option<&'static str>, started: Start) {
    if !core.shutdown.abandon(Abandoned::Job) {
        return;
    }
    core.log
        .line(core, TARGET, Level::WARN, "Job abandoned", |fields| {
            fields.string(Key::NICHE, niche);
            if let Some(step) = step {
                fields.string(Key::STEP, step);
            }
            fields.milliseconds(Key::DURATION_MS, started.elapsed());
        });
}
