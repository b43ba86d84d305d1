use std::time::Duration;

use super::{Metrics, catalog, counter::Gauge, histogram::Histogram};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// Waits in the queue.
    Queued,
    /// Is worked on.
    Running,
    /// Ended well.
    Completed,
    /// Ended by an error or a panic.
    Failed,
    /// Stopped before its end.
    Cancelled,
}

impl JobStatus {
    /// Every status, in the order of the label values.
    pub const ALL: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The value of the `status` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobEnd {
    /// Well.
    Completed,
    /// By an error or a panic.
    Failed,
    /// Stopped before its end.
    Cancelled,
}

impl JobEnd {
    /// Every end, in the order of the label values.
    pub const ALL: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    /// The value of the `status` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.status().as_str()
    }

    /// Where the job then stands.
    #[must_use]
    pub const fn status(self) -> JobStatus {
        match self {
            Self::Completed => JobStatus::Completed,
            Self::Failed => JobStatus::Failed,
            Self::Cancelled => JobStatus::Cancelled,
        }
    }
}

impl std::fmt::Display for JobStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What is measured of one niche's jobs: durations, in the order of `JobEnd::ALL`.
pub(super) struct JobMetrics(pub(super) [Histogram; JobEnd::ALL.len()]);

impl JobMetrics {
    pub(super) fn new() -> Self {
        Self(JobEnd::ALL.map(|_| Histogram::new(&catalog::JOB_DURATION)))
    }
}

impl Metrics {
    /// A job is started for the first time, after so long in the queue, where that is known.
    pub(crate) fn job_started(&self, niche: &str, queued_for: Option<Duration>) {
        self.jobs.with([niche], JobMetrics::new, |_| {});
        if let Some(waited) = queued_for {
            self.job_waits.with(
                [niche],
                || Histogram::new(&catalog::JOB_QUEUE_WAIT),
                |waits| waits.observe_duration(waited),
            );
        }
    }

    /// A job is over, so long after its first start.
    pub(crate) fn job_ended(&self, end: JobEnd, niche: &str, elapsed: Duration) {
        self.jobs.with([niche], JobMetrics::new, |jobs| {
            jobs.0[end as usize].observe_duration(elapsed);
        });
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
        let jobs =
            |status: JobStatus| self.queue.jobs[status as usize].value().unwrap_or(0.0) as u64;
        Some(QueueSample {
            waiting: self.queue.depth.value()? as u64,
            active: jobs(JobStatus::Running),
            failed: jobs(JobStatus::Failed),
        })
    }
}

/// What the queue reports of itself.
#[derive(Default)]
pub(super) struct QueueGauges {
    pub(super) depth: Gauge,
    /// In the order of `JobStatus::ALL`.
    pub(super) jobs: [Gauge; JobStatus::ALL.len()],
}
