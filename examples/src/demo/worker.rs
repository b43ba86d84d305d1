use std::{sync::Arc, time::Duration};

use monitor_layer::{Alert, Job, JobEnd, JobHandle, Monitor, Retries};
use tokio::{
    sync::{Notify, Semaphore, mpsc},
    task::{JoinError, JoinSet},
};
use uuid::Uuid;

use crate::{
    pipeline::{self, Finished, PipelineError},
    queue::Queue,
    storage::Storage,
    store::{JobError, NewJob, Store},
};

const JOBS_AT_ONCE: usize = 2;
const RETRIES: Retries =
    Retries::up_to(4).backoff(Duration::from_millis(200), Duration::from_secs(10));

/// Takes jobs from the queue and runs the pipeline for each.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) monitor: Monitor,
    pub(crate) store: Store,
    pub(crate) storage: Storage,
    pub(crate) queue: Arc<Queue>,
}

impl Worker {
    /// Works until it is asked to stop; the running jobs then have until the deadline to end. Those that have not go back
    /// to the queue, for the next process to take up: a deployment neither fails nor cancels what users asked for.
    pub(crate) async fn work(self, mut jobs: mpsc::UnboundedReceiver<NewJob>) {
        let mut tasks = JoinSet::new();
        let places = Arc::new(Semaphore::new(JOBS_AT_ONCE));
        let next = async {
            while let Some(job) = jobs.recv().await {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                let worker = self.clone();
                while tasks.try_join_next().is_some() {}
                tasks.spawn(async move {
                    if let Err(error) = worker.take(job).await {
                        let error: &dyn std::error::Error = &error;
                        tracing::error!(error, "The job store failed");
                    }
                    drop(place);
                });
            }
        };
        tokio::select! {
            () = next => {}
            () = self.monitor.shutdown_requested() => {}
        }
        tokio::select! {
            () = async { while tasks.join_next().await.is_some() {} } => {}
            () = self.monitor.shutdown_overdue() => {
                self.queue.hand_back_running();
                while tasks.join_next().await.is_some() {}
            }
        }
    }

    async fn take(&self, job: NewJob) -> Result<(), sqlx::Error> {
        let id = job.id;
        let described = self.queue.described(&job);
        let handle = described.handle();
        let stop = self.queue.can_be_stopped(id, handle.clone());
        let ended = match self.store.start_queued(id).await {
            // It was under way each time that a process ended, and may be why.
            Ok(true) if job.attempts >= RETRIES.attempts() => {
                let error = PipelineError::Poisoned(job.attempts);
                described.failed_in_queue(&error);
                self.alert(id, &error);
                self.set_end(id, Ended::failed(&error)).await
            }
            Ok(true) => self.run(described, job, handle, stop).await,
            // Cancelled in the queue, and told by whoever did.
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        self.queue.is_over(id);
        ended
    }

    async fn run(
        &self,
        described: Job,
        job: NewJob,
        handle: JobHandle,
        stop: Arc<Notify>,
    ) -> Result<(), sqlx::Error> {
        let id = job.id;
        let job = Arc::new(job);
        let (store, storage) = (self.store.clone(), self.storage.clone());
        let running = described.retry(RETRIES).run(move |_| {
            let (store, storage, job) = (store.clone(), storage.clone(), Arc::clone(&job));
            async move {
                let begun = store.begin_attempt(job.id).await;
                begun.map_err(PipelineError::Record)?;
                pipeline::run(&job, &storage).await
            }
        });
        let ended = tokio::spawn(async move {
            tokio::select! {
                // First, so that one that is stopped at once has begun: else it would have no end.
                biased;
                ended = running => Some(ended),
                () = stop.notified() => None,
            }
        });
        let ended = ended.await;
        match handle.end() {
            Some(_) => {
                if let Ok(Some(Err(error))) = &ended {
                    self.alert(id, error);
                }
                self.set_end(id, Ended::of(ended)).await
            }
            None => self.store.put_back(id).await,
        }
    }

    /// Tells people of a job that has failed for good. Somebody is woken where it is not for what it was given.
    fn alert(&self, id: Uuid, error: &PipelineError) {
        let alert = match error.is_ours() {
            true => Alert::critical("Jobs fail on our side"),
            false => Alert::info("A job cannot be done as it was given"),
        };
        let alert = alert.label("code", error.code());
        let alert = alert.description(error.to_string());
        self.monitor.alert(alert.detail("job", id));
    }

    async fn set_end(&self, id: Uuid, ended: Ended) -> Result<(), sqlx::Error> {
        let Ended {
            end,
            cost_usd,
            credits,
            error,
        } = ended;
        // What is added is finite and not below 0.
        let _ = self.monitor.business().credits_used(credits);
        self.store.set_end(id, end, cost_usd, error.as_ref()).await
    }
}

/// How a job ended, for the store and the books.
struct Ended {
    end: JobEnd,
    cost_usd: f64,
    credits: f64,
    error: Option<JobError>,
}

impl Ended {
    /// Whether it was the last of its attempts or its error is one that stays: it is set aside.
    fn failed(error: &PipelineError) -> Self {
        let error = JobError {
            code: error.code().to_owned(),
            message: error.to_string(),
        };
        Self::without_video(JobEnd::Failed, Some(error))
    }

    const fn without_video(end: JobEnd, error: Option<JobError>) -> Self {
        Self {
            end,
            cost_usd: 0.0,
            credits: 0.0,
            error,
        }
    }

    /// `None` is one that was stopped.
    fn of(ended: Result<Option<Result<Finished, PipelineError>>, JoinError>) -> Self {
        match ended {
            Ok(Some(Ok(finished))) => Self {
                end: JobEnd::Completed,
                cost_usd: finished.cost_usd,
                credits: finished.scenes as f64,
                error: None,
            },
            Ok(Some(Err(error))) => Self::failed(&error),
            Ok(None) => Self::without_video(JobEnd::Cancelled, None),
            Err(_) => Self::without_video(
                JobEnd::Failed,
                Some(JobError {
                    code: "PIPELINE_PANICKED".to_owned(),
                    message: "the pipeline broke".to_owned(),
                }),
            ),
        }
    }
}
