use std::sync::Arc;

use monitor_layer::{JobStatus, Monitor};
use tokio::{
    sync::{Semaphore, mpsc},
    task::{JoinError, JoinSet},
};

use crate::{
    pipeline::{Finished, Pipeline, PipelineError},
    queue::{Message, Queue},
    storage::Storage,
    store::{JobError, NewJob, Store},
};

const JOBS_AT_ONCE: usize = 2;

/// Takes jobs from the queue and runs the pipeline for each.
#[derive(Clone)]
pub(crate) struct Worker {
    monitor: Monitor,
    store: Store,
    storage: Storage,
    queue: Arc<Queue>,
}

impl Worker {
    pub(crate) fn new(monitor: Monitor, store: Store, storage: Storage, queue: Arc<Queue>) -> Self {
        Self {
            monitor,
            store,
            storage,
            queue,
        }
    }

    /// Works until it is asked to stop, and then until the running jobs are over.
    pub(crate) async fn work(
        self,
        mut messages: mpsc::UnboundedReceiver<Message>,
        stop: impl Future<Output = ()>,
    ) {
        let mut jobs = JoinSet::new();
        let places = Arc::new(Semaphore::new(JOBS_AT_ONCE));
        let next = async {
            while let Some(message) = messages.recv().await {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                let worker = self.clone();
                while jobs.try_join_next().is_some() {}
                jobs.spawn(async move {
                    if let Err(error) = worker.take(message).await {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "The job store failed"
                        );
                    }
                    drop(place);
                });
            }
        };
        tokio::select! {
            () = next => {}
            () = stop => {}
        }
        while jobs.join_next().await.is_some() {}
    }

    async fn take(&self, message: Message) -> Result<(), sqlx::Error> {
        let id = message.job.id;
        let stop = self.queue.can_be_stopped(id);
        let taken = self
            .store
            .advance(id, JobStatus::Queued, JobStatus::Running)
            .await;
        let ended = match taken {
            Ok(true) => self.run(message, &stop).await,
            Ok(false) => {
                self.described(&message.job).cancelled_in_queue();
                Ok(())
            }
            Err(error) => Err(error),
        };
        self.queue.is_over(id);
        ended?;
        self.queue.report().await
    }

    async fn run(&self, message: Message, stop: &tokio::sync::Notify) -> Result<(), sqlx::Error> {
        self.queue.report().await?;
        let Message { job, queued } = message;
        let (id, niche) = (job.id, job.niche);
        let running = self.described(&job).queued_for(queued.elapsed());
        let pipeline = Pipeline {
            store: self.store.clone(),
            storage: self.storage.clone(),
        };
        let mut task = tokio::spawn(running.run(pipeline.run(job)));
        let ended = tokio::select! {
            ended = &mut task => ended,
            () = stop.notified() => {
                task.abort();
                task.await
            }
        };
        let end = End::of(ended);
        self.store
            .set_end(id, end.status, end.cost_usd, end.error.as_ref())
            .await?;
        let business = self.monitor.business();
        // What is added is finite and above 0.
        let _ = business.job_cost(niche.as_str(), end.status, "render", end.cost_usd);
        let _ = business.credits_used(end.credits);
        Ok(())
    }

    fn described(&self, job: &NewJob) -> monitor_layer::Job {
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
}

/// How a job ended, for the store and the books.
struct End {
    status: JobStatus,
    cost_usd: f64,
    credits: f64,
    error: Option<JobError>,
}

impl End {
    fn of(ended: Result<Result<Finished, PipelineError>, JoinError>) -> Self {
        let without_video = |status, error| Self {
            status,
            cost_usd: 0.0,
            credits: 0.0,
            error,
        };
        match ended {
            Ok(Ok(finished)) => Self {
                status: JobStatus::Completed,
                cost_usd: finished.cost_usd,
                credits: finished.scenes as f64,
                error: None,
            },
            Ok(Err(error)) => without_video(
                JobStatus::Failed,
                Some(JobError {
                    code: error.code().to_owned(),
                    message: error.to_string(),
                }),
            ),
            Err(stopped) if stopped.is_cancelled() => without_video(JobStatus::Cancelled, None),
            Err(_) => without_video(
                JobStatus::Failed,
                Some(JobError {
                    code: "PIPELINE_PANICKED".to_owned(),
                    message: "the pipeline broke".to_owned(),
                }),
            ),
        }
    }
}
