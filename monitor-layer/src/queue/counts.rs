use crate::metrics::JobStatus;

/// How many jobs there are, as a function given to [`MonitorBuilder::sample_queue`] counted them.
///
/// ```
/// use monitor_layer::{JobStatus, QueueCounts};
///
/// let counted = vec![(JobStatus::Queued, 17), (JobStatus::Running, 2)];
/// let counts: QueueCounts = counted.into_iter().collect();
/// assert_eq!(counts, QueueCounts::waiting(17).jobs(JobStatus::Queued, 17).jobs(JobStatus::Running, 2));
/// ```
///
/// [`MonitorBuilder::sample_queue`]: crate::MonitorBuilder::sample_queue
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    pub(super) waiting: Option<u64>,
    /// In the order of `JobStatus::ALL`.
    pub(super) jobs: [Option<u64>; JobStatus::ALL.len()],
}

impl QueueCounts {
    /// So many jobs wait in the whole queue: `job_queue_depth`.
    #[must_use]
    pub const fn waiting(depth: u64) -> Self {
        Self {
            waiting: Some(depth),
            jobs: [None; JobStatus::ALL.len()],
        }
    }

    /// So many jobs stand there: `jobs_by_status`. What is not said stays as it was.
    #[must_use]
    pub const fn jobs(mut self, status: JobStatus, count: u64) -> Self {
        self.jobs[status as usize] = Some(count);
        self
    }
}

/// Of a store that counts by status: those that are queued are the queue's depth.
impl FromIterator<(JobStatus, u64)> for QueueCounts {
    fn from_iter<I: IntoIterator<Item = (JobStatus, u64)>>(counts: I) -> Self {
        let none = Self::default();
        let counts = counts
            .into_iter()
            .fold(none, |counts, (status, count)| counts.jobs(status, count));
        Self {
            waiting: counts.jobs[JobStatus::Queued as usize],
            ..counts
        }
    }
}
