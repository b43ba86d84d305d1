use std::{error::Error, fmt, time::Duration};

/// Which attempt of a job this is.
///
/// ```
/// use monitor_layer::{Retries, testing::TestMonitor};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let monitor = TestMonitor::new("worker");
/// let job = monitor.job("job-7").attempt(2).retry(Retries::up_to(3));
/// let seen = job.run_attempt(async {
///     Ok::<_, std::io::Error>(monitor_layer::current().attempt().unwrap())
/// });
/// let seen = seen.await.unwrap();
/// assert_eq!(seen.to_string(), "attempt 2 of 3");
/// assert!(!seen.is_last());
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobAttempt {
    number: u32,
    at_most: Option<u32>,
}

impl JobAttempt {
    pub(crate) const fn new(number: u32, at_most: Option<u32>) -> Self {
        Self { number, at_most }
    }

    /// From 1.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    /// How many there are at most, where that is known.
    #[must_use]
    pub const fn at_most(self) -> Option<u32> {
        self.at_most
    }

    /// Whether none follows, however it ends: as far as is known.
    #[must_use]
    pub const fn is_last(self) -> bool {
        match self.at_most {
            Some(at_most) => self.number >= at_most,
            None => true,
        }
    }

    pub(super) const fn next(self) -> Self {
        Self {
            number: self.number.saturating_add(1),
            ..self
        }
    }

    /// Whether there is anything to tell: most jobs have but one.
    pub(crate) const fn is_one_of_several(self) -> bool {
        self.number > 1 || !self.is_last()
    }
}

impl fmt::Display for JobAttempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "attempt {}", self.number)?;
        match self.at_most {
            Some(at_most) => write!(formatter, " of {at_most}"),
            None => Ok(()),
        }
    }
}

/// An attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptError<E> {
    /// By this.
    pub error: E,
    /// How long to wait before the next attempt; `None` where this was the last.
    pub retry_after: Option<Duration>,
}

impl<E> AttemptError<E> {
    /// Whether the job has failed for good and is to be set aside.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.retry_after.is_none()
    }
}

impl<E: fmt::Display> fmt::Display for AttemptError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retry_after {
            Some(pause) => write!(
                formatter,
                "{} (to be tried again after {pause:?})",
                self.error
            ),
            None => write!(formatter, "{} (at the last attempt)", self.error),
        }
    }
}

/// Its source is that of the error, which it shows itself.
impl<E: Error> Error for AttemptError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
