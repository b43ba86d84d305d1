use std::time::Duration;

use super::{Counter, catalog, histogram::Histogram};

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
    started: Counter,
    /// In the order of `StepStatus::ALL`.
    pub(super) durations: [Histogram; StepStatus::ALL.len()],
}

impl StepMetrics {
    pub(super) fn new() -> Self {
        Self {
            started: Counter::default(),
            durations: StepStatus::ALL.map(|_| Histogram::new(&catalog::STEP_DURATION)),
        }
    }

    pub(crate) fn started(&self) {
        self.started.add_one();
    }

    pub(crate) fn ended(&self, status: StepStatus, elapsed: Duration) {
        self.durations[status as usize].observe_duration(elapsed);
    }

    /// How many run, given how many had ended before this is asked.
    pub(super) fn active(&self, ended: u64) -> u64 {
        self.started.value().saturating_sub(ended)
    }
}
