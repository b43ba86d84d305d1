use std::{fmt, sync::Arc};

use super::{JobStatus, Metrics, catalog::JOB_STATUS, instrument::Gauge, series::Series};

/// Reports the depth of the job queue and the number of jobs by status.
///
/// Every replica may report the same queue: alert rules take the largest report, not the sum.
///
/// ```
/// use monitor_layer::{JobStatus, Monitor};
///
/// let monitor = Monitor::builder("worker").build()?;
/// monitor.queue().depth(17);
/// monitor.queue().jobs(JobStatus::Running, 2);
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Queue(Arc<Metrics>);

impl Queue {
    pub(crate) fn of(metrics: &Arc<Metrics>) -> Self {
        Self(Arc::clone(metrics))
    }

    /// How many jobs wait in the whole queue: `job_queue_depth`.
    pub fn depth(&self, waiting: u64) {
        self.0.queue.depth.set(waiting as f64);
    }

    /// How many jobs stand there: `jobs_by_status`.
    pub fn jobs(&self, status: JobStatus, count: u64) {
        self.0.queue.jobs[status as usize]
            .instrument
            .set(count as f64);
    }
}

/// What the queue reports of itself.
pub(super) struct QueueGauges {
    pub(super) depth: Gauge,
    /// In the order of `JobStatus::ALL`.
    pub(super) jobs: [Series<Gauge>; JobStatus::ALL.len()],
}

impl QueueGauges {
    pub(super) fn new() -> Self {
        Self {
            depth: Gauge::default(),
            jobs: JobStatus::ALL
                .map(|status| Series::new([(JOB_STATUS.name, status.as_str())], Gauge::default())),
        }
    }
}

/// What the queue reported last.
#[cfg(feature = "server")]
pub(crate) struct QueueSample {
    pub(crate) waiting: u64,
    pub(crate) active: u64,
    pub(crate) failed: u64,
}

#[cfg(feature = "server")]
impl Metrics {
    /// What the queue reported last; `None` where nobody has.
    pub(crate) fn queue_sample(&self) -> Option<QueueSample> {
        let jobs = |status: JobStatus| {
            let jobs = &self.queue.jobs[status as usize].instrument;
            jobs.value().unwrap_or(0.0) as u64
        };
        Some(QueueSample {
            waiting: self.queue.depth.value()? as u64,
            active: jobs(JobStatus::Running),
            failed: jobs(JobStatus::Failed),
        })
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Queue").finish_non_exhaustive()
    }
}
