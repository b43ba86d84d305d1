use std::{sync::Arc, time::Duration};

use super::{
    Metrics,
    catalog::{JOB_END, NICHE},
    instrument::{Candidate, Histogram, Layout},
    series::Series,
};

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
pub(crate) struct JobMetrics(pub(super) [Series<Histogram>; JobEnd::ALL.len()]);

impl JobMetrics {
    fn new(niche: &str, layout: &Arc<Layout>) -> Self {
        Self(JobEnd::ALL.map(|end| {
            let labels = [(NICHE.name, niche), (JOB_END.name, end.as_str())];
            Series::new(labels, Histogram::new(layout))
        }))
    }

    /// A job is over, so long after its first start.
    pub(crate) fn ended(&self, end: JobEnd, elapsed: Duration) {
        let candidate = Candidate::current(end == JobEnd::Failed);
        let durations = &self.0[end as usize].instrument;
        durations.observe_duration(elapsed, candidate.as_ref());
    }
}

impl Metrics {
    /// The instruments of a niche's jobs, to be kept as long as a job runs: its niche counts against the budget once.
    pub(crate) fn jobs(&self, niche: &str) -> Arc<JobMetrics> {
        let jobs = self.jobs.get_or_make([niche], |[niche]| {
            Arc::new(JobMetrics::new(niche, &self.layouts.job))
        });
        Arc::clone(jobs)
    }

    /// A job is started for the first time, after so long in the queue.
    pub(crate) fn job_waited(&self, niche: &str, waited: Duration) {
        let waits = self.job_waits.get_or_make([niche], |[niche]| {
            let waits = Histogram::new(&self.layouts.job_wait);
            Series::new([(NICHE.name, niche)], waits)
        });
        let candidate = Candidate::current(false);
        let waits = &waits.instrument;
        waits.observe_duration(waited, candidate.as_ref());
    }
}
