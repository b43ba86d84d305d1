use std::{fmt, sync::OnceLock, time::Duration};

use super::{
    AttemptError, Job, Retries,
    end::{AttemptEnd, Next},
    running::RunningJob,
};
use crate::{
    error::{AsReported, Failure},
    exchange::guarded,
    work::{self, Start, Work, WorkEnd},
};

/// A job that is tried again where it fails: made by [`Job::retry`].
///
/// Each attempt has its number in its log entries and error events, and failures of its own. One that fails and is
/// followed by another is a warning, not an alarm: the line `Job failed` at level `warn`, and no observation. The end of
/// the last one is the job's, measured from its first start, pauses included.
#[must_use = "a job does nothing until it is run"]
pub struct RetriedJob<W = Transient> {
    job: Job,
    retries: Retries,
    when: W,
}

/// Tries again where the error says of itself that it is transient, or one behind it, or one that a step returned.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Transient;

/// Says which errors are tried again: [`Transient`], or a function of the error.
pub trait RetryWhen<E> {
    /// `None` leaves it to what the error says of itself.
    fn wants_retry(&self, error: &E) -> Option<bool>;
}

impl<E> RetryWhen<E> for Transient {
    fn wants_retry(&self, _error: &E) -> Option<bool> {
        None
    }
}

impl<E, P: Fn(&E) -> bool> RetryWhen<E> for P {
    fn wants_retry(&self, error: &E) -> Option<bool> {
        Some(self(error))
    }
}

impl RetriedJob {
    pub(super) fn new(job: Job, retries: Retries) -> Self {
        Self {
            job,
            retries,
            when: Transient,
        }
    }
}

impl<W> RetriedJob<W> {
    /// Tries again after the errors for which `is_retried` is true, whatever they say of themselves. One that panics
    /// means no.
    pub fn when<E, P: Fn(&E) -> bool>(self, is_retried: P) -> RetriedJob<P> {
        RetriedJob {
            job: self.job,
            retries: self.retries,
            when: is_retried,
        }
    }

    /// Runs it here until it ends well or no further attempt is made; gives back what the last attempt came to.
    ///
    /// `attempt` makes the future of one attempt. Dropped during an attempt or a pause, the job is `CANCELLED`, once. A
    /// panic goes on where it is not tried again. Pauses take a tokio runtime with time enabled.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use monitor_layer::{Retries, testing::TestMonitor};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let monitor = TestMonitor::new("worker");
    /// let retries = Retries::up_to(3).backoff(Duration::from_millis(1), Duration::from_millis(5));
    /// let rendered = monitor
    ///     .job("job-7")
    ///     .retry(retries)
    ///     .when(|_: &String| true)
    ///     .run(async |attempt| match attempt.number() {
    ///         1 | 2 => Err("the renderer is busy".to_owned()),
    ///         third => Ok(third),
    ///     });
    /// assert_eq!(rendered.await, Ok(3));
    /// assert_eq!(monitor.metric("job_duration_seconds_count", []), 1.0);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// That of the last attempt.
    #[cfg(feature = "server")]
    pub async fn run<A, F, T, E, M>(self, mut attempt: A) -> Result<T, E>
    where
        A: FnMut(super::JobAttempt) -> F,
        F: Future<Output = Result<T, E>>,
        E: AsReported<M>,
        W: RetryWhen<E>,
    {
        use std::panic::{AssertUnwindSafe, resume_unwind};

        use futures_util::FutureExt as _;

        let Self { job, retries, when } = self;
        let mut running = RunningJob::start(job.into_description(retries.attempts()));
        loop {
            let mut next = Next::Nothing;
            let number = running.attempt();
            let made = &mut attempt;
            let work = async move { made(number).await };
            let policy = Policy::new(&retries, &when, Next::Here);
            let ended = AssertUnwindSafe(policy.observe(&mut running, &mut next, work));
            let ended = ended.catch_unwind().await;
            let pause = match next {
                Next::Here(pause) => pause,
                Next::Nothing | Next::Elsewhere(_) => {
                    return ended.unwrap_or_else(|payload| resume_unwind(payload));
                }
            };
            // What failed is told of, and is not kept for as long as the pause.
            drop(ended);
            tokio::time::sleep(pause).await;
            running.next_attempt();
        }
    }

    /// Runs one attempt of a job that a queue gives out again, to this process or another.
    ///
    /// [`Job::attempt`] and [`Job::first_started_at`] say what was before. Where the error is to be tried again and there
    /// is an attempt left, the job is not observed, and [`AttemptError::retry_after`] says when it is to be given out
    /// again; else this is its end, and [`AttemptError::is_last`].
    ///
    /// A panic goes on. It is the job's end, unless [`Retries::after_panics`] has it tried again, as queues do
    /// that give out again what was not acknowledged.
    ///
    /// ```
    /// use monitor_layer::{Retries, testing::TestMonitor};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let monitor = TestMonitor::new("worker");
    /// let busy = async || Err::<(), _>("the renderer is busy");
    /// let attempt = |number| {
    ///     let job = monitor.job("job-7").attempt(number).retry(Retries::up_to(2));
    ///     job.when(|_: &&str| true).run_attempt(busy())
    /// };
    /// let first = attempt(1).await.unwrap_err();
    /// assert!(first.retry_after.is_some()); // put it back, to be given out again after that
    /// let second = attempt(2).await.unwrap_err();
    /// assert!(second.is_last()); // set it aside
    /// assert_eq!(monitor.metric("job_duration_seconds_count", [("status", "FAILED")]), 1.0);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`AttemptError`] with that of the attempt.
    pub async fn run_attempt<F, T, E, M>(self, work: F) -> Result<T, AttemptError<E>>
    where
        F: Future<Output = Result<T, E>>,
        E: AsReported<M>,
        W: RetryWhen<E>,
    {
        let Self { job, retries, when } = self;
        let mut running = RunningJob::start(job.into_description(retries.attempts()));
        let mut next = Next::Nothing;
        let policy = Policy::new(&retries, &when, Next::Elsewhere);
        let ended = policy.observe(&mut running, &mut next, work).await;
        ended.map_err(|error| AttemptError {
            error,
            retry_after: match next {
                Next::Here(pause) | Next::Elsewhere(pause) => Some(pause),
                Next::Nothing => None,
            },
        })
    }
}

/// What decides whether an attempt is followed by another.
struct Policy<'a, W> {
    retries: &'a Retries,
    when: &'a W,
    follow: fn(Duration) -> Next,
    /// What `when` said of the error.
    wanted: OnceLock<Option<bool>>,
}

impl<'a, W> Policy<'a, W> {
    const fn new(retries: &'a Retries, when: &'a W, follow: fn(Duration) -> Next) -> Self {
        Self {
            retries,
            when,
            follow,
            wanted: OnceLock::new(),
        }
    }

    /// Runs an attempt, and says in `next` what is to follow.
    ///
    /// A plain function: an `async fn` would store the work twice.
    fn observe<'b, F, T, E, M>(
        &'b self,
        job: &'b mut RunningJob,
        next: &'b mut Next,
        work: F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        E: AsReported<M>,
        W: RetryWhen<E>,
    {
        let policy = self;
        work::observe(
            work,
            Attempt { job, next, policy },
            |returned: &Result<T, E>| {
                let error = returned.as_ref().err()?;
                let wanted = guarded(|| policy.when.wants_retry(error)).unwrap_or(Some(false));
                let _ = policy.wanted.set(wanted);
                Some(error.as_reported())
            },
        )
    }
}

/// One attempt of a job that may be followed by another.
struct Attempt<'a, W> {
    job: &'a mut RunningJob,
    next: &'a mut Next,
    policy: &'a Policy<'a, W>,
}

impl<W> Start for Attempt<'_, W> {
    type Work = Self;

    fn start(self) -> Self {
        self
    }
}

impl<W> Work for Attempt<'_, W> {
    fn within(&mut self, part: &mut dyn FnMut()) {
        self.job.within(part);
    }

    fn end(self, end: WorkEnd<'_>) {
        let Self { job, next, policy } = self;
        let attempt = job.attempt();
        let is_panic = matches!(end, WorkEnd::Panicked(_));
        let end = AttemptEnd::of(job, &end);
        *next = job.end_attempt(&end, |failure| {
            let is_wanted = match is_panic {
                true => policy.retries.retry_panics(),
                false => policy.wants(failure),
            };
            match is_wanted && !attempt.is_last() {
                true => (policy.follow)(policy.retries.pause_after(attempt.number())),
                false => Next::Nothing,
            }
        });
    }
}

impl<W> Policy<'_, W> {
    fn wants(&self, failure: &Failure) -> bool {
        let wanted = self.wanted.get().copied().flatten();
        wanted.unwrap_or(failure.classification.is_transient)
    }
}

impl<W> fmt::Debug for RetriedJob<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RetriedJob")
            .field("job", &self.job)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
