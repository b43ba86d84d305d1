use std::{fmt, sync::Arc};

use super::{JobAttempt, Progress, Standing};
use crate::metrics::{InvalidAmount, JobEnd};

/// A job as it is seen from outside: by an API that tells of it, or by a worker that stops.
///
/// Made by [`Job::handle`](crate::Job::handle) before the job is run; cheap to clone, and safe to keep after its end.
///
/// ```
/// use monitor_layer::{JobEnd, Pipeline, testing::TestMonitor};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let monitor = TestMonitor::new("worker");
/// let job = monitor.job("job-7");
/// let handle = job.handle();
/// let seen = job.run(async {
///     let mut pipeline = Pipeline::new(["parse", "render"]);
///     pipeline.begin("render");
///     Ok::<_, std::io::Error>(handle.progress().unwrap().to_string())
/// });
/// assert_eq!(seen.await.unwrap(), "step 2 of 2: render");
/// assert_eq!(handle.end(), Some(JobEnd::Completed));
/// # }
/// ```
#[derive(Clone)]
pub struct JobHandle(Arc<Standing>);

impl JobHandle {
    pub(super) fn of(standing: &Arc<Standing>) -> Self {
        Self(Arc::clone(standing))
    }

    /// How far its [`Pipeline`](crate::Pipeline) has come in this attempt.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.0.progress()
    }

    /// The attempt that is under way or was the last.
    #[must_use]
    pub fn attempt(&self) -> JobAttempt {
        self.0.attempt()
    }

    /// How it ended; `None` while it runs, and where it goes on elsewhere.
    #[must_use]
    pub fn end(&self) -> Option<JobEnd> {
        self.0.end()
    }

    /// What it used of a resource, in US dollars: `job_cost_usd_total`, by the status that the job ends with.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] where it is no amount; nothing is counted then.
    pub fn cost(&self, usd: f64, resource: &str) -> Result<(), InvalidAmount> {
        self.0.cost(usd, resource)
    }

    /// Says that the job goes back to the queue if it is dropped before its end, as when the process stops.
    ///
    /// It is not `CANCELLED` then, and not observed here: whoever takes it up again observes it, from its first start
    /// ([`Job::first_started_at`](crate::Job::first_started_at)). What it cost here counts as `CANCELLED`.
    pub fn hand_back(&self) {
        self.0.set_goes_back();
    }
}

impl fmt::Debug for JobHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("JobHandle")
            .field("attempt", &self.attempt())
            .field("progress", &self.progress())
            .field("end", &self.end())
            .finish()
    }
}
