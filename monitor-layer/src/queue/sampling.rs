use std::{
    error::Error,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{runtime::Handle, task::AbortHandle};
use tracing::Level;

use super::QueueCounts;
use crate::{
    error::text_with_sources,
    exchange::panic_message,
    log::Key,
    metrics::{JobStatus, Queue},
    monitor::{BuildError, Core},
};

/// For one sample, however long the pause between two.
const TIME_LIMIT: Duration = Duration::from_secs(5);
const TARGET: &str = "monitor_layer::queue";

type Counting =
    Pin<Box<dyn Future<Output = Result<QueueCounts, Box<dyn Error + Send + Sync>>> + Send>>;

/// A function that counts the jobs, and how often it is asked.
pub(crate) struct QueueSampling {
    every: Duration,
    count: Box<dyn Fn() -> Counting + Send + Sync>,
}

/// A queue sampling that can be started.
pub(crate) struct CheckedSampling {
    sampling: QueueSampling,
    runtime: Handle,
}

impl CheckedSampling {
    /// Begins with a sample at once. One task, so that there is never more than one sample under way.
    pub(crate) fn start(self, core: &Arc<Core>) -> Sampling {
        let Self { sampling, runtime } = self;
        let core = Arc::downgrade(core);
        let task = runtime.spawn(async move { sampling.run(&core).await });
        Sampling(task.abort_handle())
    }
}

/// Samples for as long as this lives.
pub(crate) struct Sampling(AbortHandle);

impl QueueSampling {
    pub(crate) fn new<F, Fut, E>(every: Duration, count: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<QueueCounts, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self {
            every,
            count: Box::new(move || {
                let counting = count();
                Box::pin(async move { counting.await.map_err(Into::into) })
            }),
        }
    }

    /// With the runtime that it is to run in.
    pub(crate) fn checked(self) -> Result<CheckedSampling, BuildError> {
        if self.every.is_zero() {
            return Err(BuildError::QueueInterval);
        }
        let runtime = Handle::try_current().map_err(|_| BuildError::QueueWithoutRuntime)?;
        Ok(CheckedSampling {
            sampling: self,
            runtime,
        })
    }

    async fn run(&self, core: &Weak<Core>) {
        while let Some(core) = core.upgrade() {
            self.sample(&core).await;
            drop(core);
            tokio::time::sleep(self.every).await;
        }
    }

    /// Where it fails, the gauges stay as they were, and the log tells why.
    async fn sample(&self, core: &Core) {
        let counting =
            AssertUnwindSafe(async { tokio::time::timeout(TIME_LIMIT, (self.count)()).await });
        let problem = match counting.catch_unwind().await {
            Ok(Ok(Ok(counts))) => {
                report(core, counts);
                return;
            }
            Ok(Ok(Err(error))) => text_with_sources(error.as_ref()),
            Ok(Err(_)) => format!("no answer within {} s", TIME_LIMIT.as_secs()),
            Err(payload) => format!("it panicked: {}", panic_message(&*payload)),
        };
        core.log
            .line(core, TARGET, Level::WARN, "Queue sample failed", |fields| {
                fields.string(Key::PROBLEM, problem);
            });
    }
}

fn report(core: &Core, counts: QueueCounts) {
    let queue = Queue::of(&core.metrics);
    if let Some(waiting) = counts.waiting {
        queue.depth(waiting);
    }
    for status in JobStatus::ALL {
        if let Some(count) = counts.jobs[status as usize] {
            queue.jobs(status, count);
        }
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        self.0.abort();
    }
}
