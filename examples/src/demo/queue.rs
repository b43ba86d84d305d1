use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use monitor_layer::{JobStatus, Monitor};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::store::{NewJob, Store};

/// What hands jobs to the worker.
pub(crate) struct Queue {
    store: Store,
    monitor: Monitor,
    messages: mpsc::UnboundedSender<Message>,
    /// How each running job is told to stop.
    running: Mutex<HashMap<Uuid, Arc<Notify>>>,
}

/// A job on its way to the worker.
pub(crate) struct Message {
    pub(crate) job: NewJob,
    pub(crate) queued: Instant,
}

/// What came of asking for a job's end.
pub(crate) enum Cancelled {
    Accepted,
    Over(JobStatus),
    Unknown,
}

impl Queue {
    pub(crate) fn new(store: Store, monitor: Monitor) -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (messages, receiver) = mpsc::unbounded_channel();
        let queue = Self {
            store,
            monitor,
            messages,
            running: Mutex::default(),
        };
        (queue, receiver)
    }

    pub(crate) async fn enqueue(&self, job: NewJob) -> Result<(), sqlx::Error> {
        self.store.insert(&job).await?;
        self.send(job);
        self.report().await
    }

    /// Takes up what an earlier process left.
    pub(crate) async fn requeue_unfinished(&self) -> Result<(), sqlx::Error> {
        for job in self.store.requeue_unfinished().await? {
            self.send(job);
        }
        self.report().await
    }

    /// Stops a job: one that waits at once, one that runs at its next await.
    pub(crate) async fn cancel(&self, id: Uuid) -> Result<Cancelled, sqlx::Error> {
        if self
            .store
            .advance(id, JobStatus::Queued, JobStatus::Cancelled)
            .await?
        {
            self.report().await?;
            return Ok(Cancelled::Accepted);
        }
        let stop = self.running().get(&id).cloned();
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

    /// Called by the worker before it takes the job, so that whoever sees the job running can stop it.
    pub(crate) fn can_be_stopped(&self, id: Uuid) -> Arc<Notify> {
        Arc::clone(self.running().entry(id).or_default())
    }

    pub(crate) fn is_over(&self, id: Uuid) {
        self.running().remove(&id);
    }

    /// Tells the monitor how many jobs stand where.
    pub(crate) async fn report(&self) -> Result<(), sqlx::Error> {
        let queue = self.monitor.queue();
        for (status, count) in self.store.counts().await? {
            queue.jobs(status, count);
            if status == JobStatus::Queued {
                queue.depth(count);
            }
        }
        Ok(())
    }

    fn send(&self, job: NewJob) {
        // Without a worker, as when the process stops, the job waits in the store for the next start.
        let _ = self.messages.send(Message {
            job,
            queued: Instant::now(),
        });
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Arc<Notify>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
