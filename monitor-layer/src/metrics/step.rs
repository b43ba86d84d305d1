use std::{sync::Arc, time::Duration};

use super::{
    catalog::STEP,
    instrument::{Candidate, Counters, Histogram, Layout},
    labels::Labels,
    series::Series,
};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepStatus {
    Success,
    Error,
    Panicked,
    Cancelled,
}

impl StepStatus {
    pub(super) const ALL: [Self; 4] = [Self::Success, Self::Error, Self::Panicked, Self::Cancelled];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is measured of one step.
pub(crate) struct StepMetrics {
    started: Counters<1>,
    pub(super) labels: Labels,
    /// In the order of `StepStatus::ALL`.
    pub(super) durations: [Series<Histogram>; StepStatus::ALL.len()],
}

impl StepMetrics {
    pub(super) fn new(step: &str, layout: &Arc<Layout>, shards: usize) -> Self {
        let step = (STEP.name, step);
        Self {
            started: Counters::new(shards),
            labels: Labels::new(&[], [step]),
            durations: StepStatus::ALL.map(|status| {
                let status = ("status", status.as_str());
                Series::new([step, status], Histogram::new(layout))
            }),
        }
    }

    #[inline]
    pub(crate) fn started(&self) {
        self.started.add_one(0);
    }

    pub(crate) fn ended(
        &self,
        status: StepStatus,
        elapsed: Duration,
        candidate: Option<Candidate>,
    ) {
        let duration = &self.durations[status as usize].instrument;
        duration.observe_duration(elapsed, candidate.as_ref());
    }

    /// How many run.
    pub(super) fn active(&self) -> u64 {
        // The ends first: nothing has ended that has not started.
        let durations = self.durations.iter();
        let ended: u64 = durations.map(|ended| ended.instrument.count()).sum();
        let [started] = self.started.values();
        started.saturating_sub(ended)
    }
}
