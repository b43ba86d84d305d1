use std::{sync::Arc, time::Duration};

use monitor_layer::{JobEnd, Monitor};
use tokio::{
    sync::{Semaphore, mpsc},
    task::{JoinError, JoinSet},
};

use crate::{
    pipeline::{Finished, Pipeline, PipelineError},
    queue::{Message, Queue},
    storage::Storage,
    store::{JobError, Store},
};

const JOBS_AT_ONCE: usize = 2;

/// Takes jobs from the queue and runs the pipeline for each.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) monitor: Monitor,
    pub(crate) store: Store,
    pub(crate) storage: Storage,
    pub(crate) queue: Arc<Queue>,
}

impl Worker {
    /// Works until it is asked to stop; the running jobs then have the grace time to end.
    pub(crate) async fn work(
        self,
        mut messages: mpsc::UnboundedReceiver<Message>,
        stop: impl Future<Output = ()>,
        grace: Duration,
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
                        let error: &dyn std::error::Error = &error;
                        tracing::error!(error, "The job store failed");
                    }
                    drop(place);
                });
            }
        };
        tokio::select! {
            () = next => {}
            () = stop => {}
        }
        let ended = async { while jobs.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, ended).await.is_err() {
            self.queue.stop_running();
            while jobs.join_next().await.is_some() {}
        }
    }

    async fn take(&self, message: Message) -> Result<(), sqlx::Error> {
        let id = message.job.id;
        let stop = self.queue.can_be_stopped(id);
        let ended = match self.store.start_queued(id).await {
            Ok(true) => self.run(message, &stop).await,
            // Cancelled in the queue, and told by whoever did.
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        self.queue.is_over(id);
        self.queue.report().await;
        ended
    }

    async fn run(&self, message: Message, stop: &tokio::sync::Notify) -> Result<(), sqlx::Error> {
        self.queue.report().await;
        let Message { job, queued } = message;
        let (id, niche) = (job.id, job.niche);
        let running = self.queue.described(&job).queued_for(queued.elapsed());
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
        let ended = Ended::of(ended);
        self.store
            .set_end(id, ended.end, ended.cost_usd, ended.error.as_ref())
            .await?;
        let business = self.monitor.business();
        // What is added is finite and not below 0.
        let _ = business.job_cost(niche.as_str(), ended.end, "render", ended.cost_usd);
        let _ = business.credits_used(ended.credits);
        Ok(())
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
    fn of(ended: Result<Result<Finished, PipelineError>, JoinError>) -> Self {
        let without_video = |end, error| Self {
            end,
            cost_usd: 0.0,
            credits: 0.0,
            error,
        };
        match ended {
            Ok(Ok(finished)) => Self {
                end: JobEnd::Completed,
                cost_usd: finished.cost_usd,
                credits: finished.scenes as f64,
                error: None,
            },
            Ok(Err(error)) => without_video(
                JobEnd::Failed,
                Some(JobError {
                    code: error.code().to_owned(),
                    message: error.to_string(),
                }),
            ),
            Err(stopped) if stopped.is_cancelled() => without_video(JobEnd::Cancelled, None),
            Err(_) => without_video(
                JobEnd::Failed,
                Some(JobError {
                    code: "PIPELINE_PANICKED".to_owned(),
                    message: "the pipeline broke".to_owned(),
                }),
            ),
        }
    }
}
