use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use monitor_layer::{Job, JobHandle, JobStatus, Monitor};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::store::{JobRecord, NewJob, Store, to_its_end};

/// What hands jobs to the worker.
pub(crate) struct Queue {
    store: Store,
    /// The worker's: what becomes of a job is its to tell.
    monitor: Monitor,
    jobs: mpsc::UnboundedSender<NewJob>,
    running: Mutex<HashMap<Uuid, Running>>,
}

/// A job that the worker has taken.
struct Running {
    stop: Arc<Notify>,
    handle: JobHandle,
}

/// What came of asking for a job's end.
pub(crate) enum Cancelled {
    Accepted,
    Over(JobStatus),
    Unknown,
}

impl Queue {
    pub(crate) fn new(
        store: Store,
        monitor: Monitor,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<NewJob>) {
        let (jobs, receiver) = mpsc::unbounded_channel();
        let queue = Self {
            store,
            monitor,
            jobs,
            running: Mutex::default(),
        };
        (Arc::new(queue), receiver)
    }

    /// Stores a job and sends it on: both or neither, also where the caller leaves in between.
    pub(crate) async fn enqueue(self: &Arc<Self>, job: NewJob) -> Result<(), sqlx::Error> {
        let queue = Arc::clone(self);
        to_its_end(async move {
            queue.store.insert(&job).await?;
            queue.send(job);
            Ok(())
        })
        .await
    }

    /// Takes up what an earlier process left.
    pub(crate) async fn requeue_unfinished(&self) -> Result<(), sqlx::Error> {
        for job in self.store.requeue_unfinished().await? {
            self.send(job);
        }
        Ok(())
    }

    /// A job as it stands, and how far it has come.
    pub(crate) async fn look_up(&self, id: Uuid) -> Result<Option<JobRecord>, sqlx::Error> {
        let mut record = self.store.job(id).await?;
        if let Some(record) = &mut record
            && record.status == JobStatus::Running
        {
            let running = self.running();
            record.progress = running.get(&id).and_then(|job| job.handle.progress());
        }
        Ok(record)
    }

    /// Stops a job: one that waits at once, one that runs at its next await, one that pauses between two attempts too.
    pub(crate) async fn cancel(&self, id: Uuid) -> Result<Cancelled, sqlx::Error> {
        if let Some(job) = self.store.cancel_queued(id).await? {
            self.described(&job).cancelled_in_queue();
            return Ok(Cancelled::Accepted);
        }
        let stop = self.running().get(&id).map(|job| Arc::clone(&job.stop));
        let Some(record) = self.store.job(id).await? else {
            return Ok(Cancelled::Unknown);
        };
        match (record.status, stop) {
            (JobStatus::Queued | JobStatus::Running, Some(stop)) => {
                stop.notify_one();
                Ok(Cancelled::Accepted)
            }
            (status, _) => Ok(Cancelled::Over(status)),
        }
    }

    /// Stops every job that runs, for the next process to take up again.
    pub(crate) fn hand_back_running(&self) {
        for job in self.running().values() {
            job.handle.hand_back();
            job.stop.notify_one();
        }
    }

    /// Called by the worker before it takes the job, so that whoever sees the job running can stop it.
    pub(crate) fn can_be_stopped(&self, id: Uuid, handle: JobHandle) -> Arc<Notify> {
        let stop = Arc::<Notify>::default();
        let running = Running {
            stop: Arc::clone(&stop),
            handle,
        };
        self.running().insert(id, running);
        stop
    }

    pub(crate) fn is_over(&self, id: Uuid) {
        self.running().remove(&id);
    }

    /// The job as the monitor knows it.
    pub(crate) fn described(&self, job: &NewJob) -> Job {
        let store = self.store.clone();
        let mut described = self
            .monitor
            .job(job.id.to_string())
            .niche(job.niche.as_str())
            .continue_from(&job.trace)
            .attempt(job.attempts + 1)
            .on_progress(move |_| store.changed());
        if let Some(user) = &job.user {
            described = described.user(user.as_str());
        }
        match job.started_at {
            Some(at) => described.first_started_at(at),
            None => described.enqueued_at(job.queued_at),
        }
    }

    fn send(&self, job: NewJob) {
        // Without a worker, as when the process stops, the job waits in the store for the next start.
        let _ = self.jobs.send(job);
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
