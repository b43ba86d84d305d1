use std::{
    any::Any,
    fmt,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use pin_project_lite::pin_project;

use super::{
    JobAttempt, JobHandle,
    end::{AttemptEnd, Next},
    running::RunningJob,
};
use crate::{
    error::AsReported,
    exchange::{guarded, panic_message},
    metrics::InvalidAmount,
    trace::current::{self, Scope},
};

/// A job that is held by code with a loop of its own: made by [`Job::start`](crate::Job::start).
///
/// Pieces of its work run in [`enter`](Self::enter) and [`scope`](Self::scope), on any thread and at the same time. Its
/// end is said by [`completed`](Self::completed), [`failed`](Self::failed) or [`cancelled`](Self::cancelled). Dropped
/// without, the job is
///
/// - `FAILED` where a piece of its work panicked, with that panic's message;
/// - `FAILED` where its thread unwinds from a panic outside of such pieces: most likely that of the code that holds the
///   guard. A guard cannot tell it from another's that unwinds through it, as that of another branch of a `join!`,
///   unless a piece of its own work was waiting just then: the job is `CANCELLED` in that case. So let all of the work
///   run in pieces;
/// - back in the queue, uncounted, where [`JobHandle::hand_back`] said so;
/// - else `CANCELLED`.
///
/// ```
/// use monitor_layer::{instrument_step, testing::TestMonitor};
///
/// #[instrument_step]
/// async fn render(scene: u32) -> Result<u32, std::io::Error> {
///     Ok(scene)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), std::io::Error> {
/// let monitor = TestMonitor::new("worker");
/// let job = monitor.job("job-7").niche("history").start();
/// for scene in 1..=3 {
///     if let Err(error) = job.scope(render(scene)).await {
///         job.failed(&error);
///         return Err(error);
///     }
/// }
/// job.cost(0.04, "gpu").unwrap();
/// job.completed();
/// assert_eq!(monitor.metric("job_duration_seconds_count", [("status", "COMPLETED")]), 1.0);
/// # Ok(()) }
/// ```
#[must_use = "dropped without `completed` or `failed`, the job is cancelled"]
pub struct JobGuard {
    job: RunningJob,
    unwound: Arc<Mutex<Option<Unwound>>>,
    /// It was started by a destructor that ran in a panic, which is not its own.
    started_in_panic: bool,
}

/// Whose panic unwound through a piece of a job's work.
enum Unwound {
    /// The piece's own, with this message.
    Own(String),
    /// Another's, while the piece waited.
    Others,
}

impl JobGuard {
    pub(super) fn new(job: RunningJob) -> Self {
        Self {
            job,
            unwound: Arc::default(),
            started_in_panic: thread::panicking(),
        }
    }

    /// Runs a function as part of the job, on whatever thread.
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        let mut scope = self.job.scope().map(Scope::boxed);
        let ended = current::enter(&mut scope, || panic::catch_unwind(AssertUnwindSafe(work)));
        current::recycle(scope);
        ended.unwrap_or_else(|payload| panicked(&self.unwound, payload))
    }

    /// Lets a future run as part of the job, wherever it is polled.
    pub fn scope<F: Future>(&self, work: F) -> InJob<F> {
        InJob {
            scope: self.job.scope().map(Scope::boxed),
            unwound: Arc::clone(&self.unwound),
            work: Some(work),
        }
    }

    /// The job as it is seen from outside.
    #[must_use]
    pub fn handle(&self) -> JobHandle {
        JobHandle::of(self.job.standing())
    }

    /// The attempt that is under way.
    #[must_use]
    pub const fn attempt(&self) -> JobAttempt {
        self.job.attempt()
    }

    /// What it used of a resource, in US dollars: `job_cost_usd_total`, by the status that the job ends with.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] where it is no amount; nothing is counted then.
    pub fn cost(&self, usd: f64, resource: &str) -> Result<(), InvalidAmount> {
        self.job.standing().cost(usd, resource)
    }

    /// It ended well.
    pub fn completed(mut self) {
        self.job
            .end_attempt(&AttemptEnd::Success, |_| Next::Nothing);
    }

    /// It failed for good, by this error.
    pub fn failed<E: AsReported<M>, M>(mut self, error: &E) {
        self.fail(error, Next::Nothing);
    }

    /// It was stopped before its end, on purpose.
    pub fn cancelled(mut self) {
        self.job
            .end_attempt(&AttemptEnd::Cancelled, |_| Next::Nothing);
    }

    /// It goes back to the queue as it came, and is not observed here: as
    /// [`JobHandle::hand_back`] and then dropped.
    pub fn handed_back(mut self) {
        self.job
            .end_attempt(&AttemptEnd::HandedBack, |_| Next::Nothing);
    }

    /// This attempt failed, and another one follows here after so long: a warning, no observation. What runs in the guard
    /// from here on is the next attempt.
    pub fn retry_here<E: AsReported<M>, M>(&mut self, error: &E, after: Duration) {
        self.fail(error, Next::Here(after));
        self.job.next_attempt();
    }

    /// This attempt failed, and another one follows when the queue gives the job out again, after so long: a warning, no
    /// observation.
    pub fn retry_later<E: AsReported<M>, M>(mut self, error: &E, after: Duration) {
        self.fail(error, Next::Elsewhere(after));
    }

    fn fail<E: AsReported<M>, M>(&mut self, error: &E, next: Next) {
        let reported = error.as_reported();
        self.job
            .end_attempt(&AttemptEnd::Error(&reported), |_| next);
    }
}

impl Drop for JobGuard {
    fn drop(&mut self) {
        let unwound = lock(&self.unwound).take();
        let message = match &unwound {
            Some(Unwound::Own(message)) => message,
            None if thread::panicking() && !self.started_in_panic => {
                "the code that held the job panicked"
            }
            // The job itself says that it was cancelled or goes back, unless its end was said.
            Some(Unwound::Others) | None => return,
        };
        guarded(|| {
            self.job
                .end_attempt(&AttemptEnd::Panicked(message), |_| Next::Nothing)
        });
    }
}

pin_project! {
    /// A future that runs as part of a job: made by [`JobGuard::scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InJob<F: Future> {
        scope: Option<Box<Scope>>,
        unwound: Arc<Mutex<Option<Unwound>>>,
        #[pin]
        work: Option<F>,
    }

    impl<F: Future> PinnedDrop for InJob<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let was_waiting = this.work.is_some();
            current::enter(this.scope, || this.work.set(None));
            current::recycle(this.scope.take());
            if was_waiting && thread::panicking() {
                lock(this.unwound).get_or_insert(Unwound::Others);
            }
        }
    }
}

impl<F: Future> Future for InJob<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let polled = current::enter(this.scope, || {
            let Some(work) = this.work.as_mut().as_pin_mut() else {
                // Polled after its end.
                return Ok(Poll::Pending);
            };
            let polled = panic::catch_unwind(AssertUnwindSafe(|| work.poll(context)));
            if !matches!(polled, Ok(Poll::Pending)) {
                this.work.set(None);
            }
            polled
        });
        polled.unwrap_or_else(|payload| panicked(this.unwound, payload))
    }
}

/// Remembers a panic of a job's own work, and lets it go on.
fn panicked(unwound: &Mutex<Option<Unwound>>, payload: Box<dyn Any + Send>) -> ! {
    *lock(unwound) = Some(Unwound::Own(panic_message(&*payload).to_owned()));
    panic::resume_unwind(payload)
}

fn lock(unwound: &Mutex<Option<Unwound>>) -> MutexGuard<'_, Option<Unwound>> {
    // Nothing panics while the lock is held.
    unwound.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for JobGuard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("JobGuard")
            .field(&self.handle())
            .finish()
    }
}

impl<F: Future> fmt::Debug for InJob<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InJob").finish_non_exhaustive()
    }
}
