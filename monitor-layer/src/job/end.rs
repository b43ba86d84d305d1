use std::time::Duration;

use super::running::RunningJob;
use crate::{
    error::{self, Reported},
    work::WorkEnd,
};

/// Which way an attempt ended.
pub(super) enum AttemptEnd<'a> {
    Success,
    Error(&'a Reported<'a>),
    Panicked(&'a str),
    Cancelled,
    /// Stopped, for somebody else to take it up again.
    HandedBack,
}

/// What follows on a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: the job has failed.
    Nothing,
    /// Another attempt here, after so long.
    Here(Duration),
    /// Another attempt by whoever is given the job next, after so long.
    Elsewhere(Duration),
}

impl<'a> AttemptEnd<'a> {
    pub(super) fn of(job: &RunningJob, end: &WorkEnd<'a>) -> Self {
        match *end {
            WorkEnd::Success => Self::Success,
            WorkEnd::Error(reported) => Self::Error(reported),
            WorkEnd::Panicked(message) => Self::Panicked(message),
            WorkEnd::Cancelled => Self::stopped(job),
        }
    }

    /// As the sinks of errors have it.
    pub(super) const fn told(&self) -> error::AttemptEnd {
        match self {
            Self::Success => error::AttemptEnd::Succeeded,
            Self::Error(_) => error::AttemptEnd::Failed,
            Self::Panicked(_) => error::AttemptEnd::Panicked,
            Self::Cancelled | Self::HandedBack => error::AttemptEnd::Cancelled,
        }
    }

    /// Of a job that is dropped before its end.
    pub(super) fn stopped(job: &RunningJob) -> Self {
        match job.goes_back() {
            true => Self::HandedBack,
            false => Self::Cancelled,
        }
    }
}
