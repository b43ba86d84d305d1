use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use monitor_layer::{Job, JobStatus, Monitor};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::store::{NewJob, Store, to_its_end};

/// What hands jobs to the worker.
pub(crate) struct Queue {
    store: Store,
    /// The worker's: what becomes of a job is its to tell.
    monitor: Monitor,
    messages: mpsc::UnboundedSender<Message>,
    /// How each running job is told to stop.
    running: Mutex<HashMap<Uuid, Arc<Notify>>>,
    /// One report at a time, so that an older one does not overwrite a newer.
    reporting: tokio::sync::Mutex<()>,
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
    pub(crate) fn new(
        store: Store,
        monitor: Monitor,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Message>) {
        let (messages, receiver) = mpsc::unbounded_channel();
        let queue = Self {
            store,
            monitor,
            messages,
            running: Mutex::default(),
            reporting: tokio::sync::Mutex::default(),
        };
        (Arc::new(queue), receiver)
    }

    /// Stores a job and sends it on: both or neither, also where the caller leaves in between.
    pub(crate) async fn enqueue(self: &Arc<Self>, job: NewJob) -> Result<(), sqlx::Error> {
        let queue = Arc::clone(self);
        to_its_end(async move {
            queue.store.insert(&job).await?;
            queue.send(job);
            queue.report().await;
            Ok(())
        })
        .await
    }

    /// Takes up what an earlier process left.
    pub(crate) async fn requeue_unfinished(&self) -> Result<(), sqlx::Error> {
        for job in self.store.requeue_unfinished().await? {
            self.send(job);
        }
        self.report().await;
        Ok(())
    }

    /// Stops a job: one that waits at once, one that runs at its next await.
    pub(crate) async fn cancel(&self, id: Uuid) -> Result<Cancelled, sqlx::Error> {
        if let Some(job) = self.store.cancel_queued(id).await? {
            self.described(&job).cancelled_in_queue();
            self.report().await;
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

    /// Stops every job that runs.
    pub(crate) fn stop_running(&self) {
        for stop in self.running().values() {
            stop.notify_one();
        }
    }

    /// Called by the worker before it takes the job, so that whoever sees the job running can stop it.
    pub(crate) fn can_be_stopped(&self, id: Uuid) -> Arc<Notify> {
        Arc::clone(self.running().entry(id).or_default())
    }

    pub(crate) fn is_over(&self, id: Uuid) {
        self.running().remove(&id);
    }

    /// The job as the monitor knows it.
    pub(crate) fn described(&self, job: &NewJob) -> Job {
        let described = self
            .monitor
            .job(job.id.to_string())
            .niche(job.niche.as_str())
            .continue_from(&job.trace);
        match &job.user {
            Some(user) => described.user(user.as_str()),
            None => described,
        }
    }

    /// Tells the monitor how many jobs stand where.
    pub(crate) async fn report(&self) {
        let _reporting = self.reporting.lock().await;
        let counts = match self.store.counts().await {
            Ok(counts) => counts,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "The jobs could not be counted"
                );
                return;
            }
        };
        let queue = self.monitor.queue();
        for (status, count) in counts {
            queue.jobs(status, count);
            if status == JobStatus::Queued {
                queue.depth(count);
            }
        }
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
