use std::{error::Error, time::Duration};

use super::MonitorBuilder;
use crate::queue::{QueueCounts, QueueSampling};

impl MonitorBuilder {
    /// Counts the jobs in the background, at once and then every so often: `job_queue_depth`, `jobs_by_status` and the
    /// `queue` of `/health`, without a look at the store at any scrape.
    ///
    /// One sample at a time, for five seconds at most. Where it fails, panics or takes longer, the last good one stays,
    /// and the line `Queue sample failed` says why. It ends with the monitor, as its last clone and layer go. Code that
    /// knows better when counts change reports them by [`Monitor::queue`](crate::Monitor::queue) instead.
    ///
    /// It needs a tokio runtime: build the monitor inside of one.
    ///
    /// ```
    /// use std::{io, time::Duration};
    ///
    /// use monitor_layer::{JobStatus, Monitor, QueueCounts};
    ///
    /// async fn count_jobs() -> io::Result<QueueCounts> {
    ///     Ok(QueueCounts::waiting(17).jobs(JobStatus::Running, 2))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), monitor_layer::BuildError> {
    /// let monitor = Monitor::builder("worker")
    ///     .sample_queue(Duration::from_secs(15), count_jobs)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn sample_queue<F, Fut, E>(mut self, every: Duration, count: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<QueueCounts, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.queue_sampling = Some(QueueSampling::new(every, count));
        self
    }
}
