use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    JobAttempt, JobGuard, JobHandle, Progress, RetriedJob, Retries, Standing,
    end::{AttemptEnd, Next},
    running::RunningJob,
};
use crate::{
    error::AsReported,
    monitor::Core,
    trace::{Carrier, Parent, TraceContext, TraceId, current::Scope},
    unit::{State, Unit},
    work,
};

/// The niche of jobs that name none.
const NO_NICHE: &str = "none";

/// The unit of work around steps: described, then run.
///
/// Made by [`Monitor::job`](crate::Monitor::job). Its id and user stand in the entries of everything inside; its end
/// is measured once, by status and niche, from its first start.
///
/// ```
/// use monitor_layer::testing::TestMonitor;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let monitor = TestMonitor::new("api");
/// let worker = monitor.worker("worker");
/// let done = worker.job("job-7").niche("finance").user("u-1").run(async {
///     Ok::<_, std::io::Error>(42)
/// });
/// assert_eq!(done.await.unwrap(), 42);
/// let finance = [("niche", "finance"), ("status", "COMPLETED")];
/// assert_eq!(monitor.metric("job_duration_seconds_count", finance), 1.0);
/// # }
/// ```
///
/// | the job | is run by |
/// |---|---|
/// | is one future, tried once | [`run`](Self::run) |
/// | is tried again here, after a pause | [`retry`](Self::retry) and [`RetriedJob::run`] |
/// | is given out again by a queue, to whatever process | [`retry`](Self::retry) and [`RetriedJob::run_attempt`] |
/// | has a loop of its own | [`start`](Self::start), which gives a [`JobGuard`] |
#[must_use = "a job does nothing until it is run"]
pub struct Job {
    description: Description,
}

/// What is said of a job before it is run.
pub(super) struct Description {
    pub(super) core: Arc<Core>,
    pub(super) id: Arc<str>,
    pub(super) niche: Arc<str>,
    pub(super) user: Option<Arc<str>>,
    pub(super) parent: Parentage,
    pub(super) queued_for: Option<Duration>,
    pub(super) attempt: JobAttempt,
    pub(super) first_started: Option<SystemTime>,
    pub(super) standing: Arc<Standing>,
}

/// Where a job's trace comes from.
pub(super) enum Parentage {
    /// Its id, what is current, or nowhere.
    Own,
    /// A message's goes on.
    Continued(TraceContext),
    /// A new one, with a link to a message's.
    Linked(Option<Parent>),
}

impl Parentage {
    #[cfg(feature = "otlp")]
    pub(super) const fn is_continued(&self) -> bool {
        matches!(self, Self::Continued(_))
    }
}

impl Job {
    pub(crate) fn new(core: Arc<Core>, id: Arc<str>) -> Self {
        let niche: Arc<str> = NO_NICHE.into();
        let standing = Standing::new(Arc::clone(&core.metrics), Arc::clone(&niche));
        Self {
            description: Description {
                core,
                id,
                niche,
                user: None,
                parent: Parentage::Own,
                queued_for: None,
                attempt: JobAttempt::new(1, None),
                first_started: None,
                standing: Arc::new(standing),
            },
        }
    }

    /// The kind of job: a label of its metrics, `none` where it is not said.
    pub fn niche(mut self, niche: impl Into<Arc<str>>) -> Self {
        self.description.niche = niche.into();
        self
    }

    /// Whose job it is.
    pub fn user(mut self, id: impl Into<Arc<str>>) -> Self {
        self.description.user = Some(id.into());
        self
    }

    /// Continues the trace that [`TraceContext::to_carrier`] wrote into the message.
    ///
    /// Without a usable one, an id that is a UUID is the trace's id; else the job is part of what is current, or
    /// starts a trace.
    pub fn continue_from(mut self, carrier: &(impl Carrier + ?Sized)) -> Self {
        let parent = TraceContext::from_carrier(carrier, &self.description.core.sampler);
        self.description.parent = parent.map_or(Parentage::Own, Parentage::Continued);
        self
    }

    /// Starts a trace that has a link to the span which [`TraceContext::to_carrier`] wrote into the message: for jobs
    /// that run long after the request, or of which one request makes thousands.
    ///
    /// An id that is a UUID is the new trace's id. It is sampled by our own ratio.
    ///
    /// ```
    /// use monitor_layer::{Sampler, TraceContext, testing::TestMonitor};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let monitor = TestMonitor::new("worker");
    /// let request = TraceContext::root(&Sampler::default());
    /// let job = monitor.job("job-7").link_to(&request.to_carrier());
    /// let context = job.run(async { Ok::<_, std::io::Error>(TraceContext::current().unwrap()) });
    /// let context = context.await.unwrap();
    /// assert_ne!(context.trace_id(), request.trace_id());
    /// assert_eq!(context.link().unwrap().span_id, request.span_id());
    /// # }
    /// ```
    pub fn link_to(mut self, carrier: &(impl Carrier + ?Sized)) -> Self {
        self.description.parent = Parentage::Linked(Parent::from_carrier(carrier));
        self
    }

    /// How long it waited in the queue. Measured before the first attempt alone.
    pub fn queued_for(mut self, waited: Duration) -> Self {
        self.description.queued_for = Some(waited);
        self
    }

    /// When it was put on the queue. A clock that was set back since then counts as no wait.
    pub fn enqueued_at(self, at: SystemTime) -> Self {
        self.queued_for(at.elapsed().unwrap_or(Duration::ZERO))
    }

    /// Which attempt this is, from 1, where a queue gives the job out again; 0 counts as 1.
    pub fn attempt(mut self, number: u32) -> Self {
        self.description.attempt = JobAttempt::new(number.max(1), None);
        self
    }

    /// When its first attempt began, wherever that was: the job is measured from there. A clock that was set back
    /// counts as a start here.
    pub fn first_started_at(mut self, at: SystemTime) -> Self {
        self.description.first_started = Some(at);
        self
    }

    /// Calls a function whenever the job's [`Pipeline`](crate::Pipeline) comes to its next step.
    ///
    /// It runs within the job, so it may neither block nor wait; one that panics is counted in
    /// `telemetry_dropped_total{signal="observers"}`, and the job goes on.
    pub fn on_progress(self, tell: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.description.standing.set_on_progress(Arc::new(tell));
        self
    }

    /// The job as it is seen from outside while it runs.
    #[must_use]
    pub fn handle(&self) -> JobHandle {
        JobHandle::of(&self.description.standing)
    }

    /// Tries it again where it fails by an error that says of itself that another try may succeed
    /// ([`Categorize::is_transient`](crate::Categorize::is_transient)), or by one that [`RetriedJob::when`] picks.
    ///
    /// What an error says of itself is heard where an annotated step returned it, and where its type is registered by
    /// [`MonitorBuilder::categorize`](crate::MonitorBuilder::categorize), wherever it stands in the chain of sources.
    pub fn retry(self, retries: Retries) -> RetriedJob {
        RetriedJob::new(self, retries)
    }

    /// Runs it. An `Err` and a panic are a failed job; dropping the future after its first poll cancels it. Each run is
    /// a job of its own: what tries again is [`retry`](Self::retry), or a loop inside.
    ///
    /// `M` is inferred: it tells errors from what lends one, as a boxed error does.
    pub fn run<F, T, E, M>(self, work: F) -> impl Future<Output = Result<T, E>> + use<F, T, E, M>
    where
        F: Future<Output = Result<T, E>>,
        E: AsReported<M>,
    {
        work::observe(work, self.description, |returned: &Result<T, E>| {
            returned.as_ref().err().map(AsReported::as_reported)
        })
    }

    /// Starts it, for code that has a loop of its own: pieces of work run in the guard, which is then told how it ended.
    pub fn start(self) -> JobGuard {
        JobGuard::new(RunningJob::start(self.description))
    }

    /// It was cancelled before it was started, or between two attempts: counted as `CANCELLED`, after 0 s where it
    /// never was.
    pub fn cancelled_in_queue(self) {
        RunningJob::new(self.description).end_attempt(&AttemptEnd::Cancelled, |_| Next::Nothing);
    }

    /// It is set aside without another attempt: counted as `FAILED` from its first start, and told as any failure. For
    /// jobs that took their process with them once too often, of which no attempt could say that it was the last.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use monitor_layer::testing::TestMonitor;
    ///
    /// let monitor = TestMonitor::new("worker");
    /// let first_started = SystemTime::now();
    /// let poisoned = monitor.job("job-7").attempt(5).first_started_at(first_started);
    /// poisoned.failed_in_queue(&"it ended its process five times");
    /// assert_eq!(monitor.metric("job_duration_seconds_count", [("status", "FAILED")]), 1.0);
    /// ```
    pub fn failed_in_queue<E: AsReported<M>, M>(self, error: &E) {
        let reported = error.as_reported();
        RunningJob::new(self.description)
            .end_attempt(&AttemptEnd::Error(&reported), |_| Next::Nothing);
    }

    pub(super) fn into_description(self, at_most: u32) -> Description {
        let attempt = self.description.attempt.number();
        Description {
            attempt: JobAttempt::new(attempt, Some(at_most)),
            ..self.description
        }
    }
}

impl Description {
    pub(super) fn scope(&self) -> Scope {
        let current = Scope::current();
        let sampler = &self.core.sampler;
        let root = || match TraceId::from_uuid_or_hex(&self.id) {
            Some(id) => TraceContext::root_with_trace_id(id, sampler),
            None => TraceContext::root(sampler),
        };
        let context = match (&self.parent, &current) {
            (Parentage::Continued(context), _) => context.clone(),
            (Parentage::Linked(Some(link)), _) => root().with_link(*link),
            (Parentage::Own, Some(current)) if TraceId::from_uuid_or_hex(&self.id).is_none() => {
                current.context.child()
            }
            (Parentage::Linked(None) | Parentage::Own, _) => root(),
        };
        let mut scope = Scope::new(context, Some(Arc::clone(&self.core)));
        if let Some(current) = &current {
            scope.isolated.clone_from(&current.isolated);
        }
        self.core.errors.isolate(&mut scope);
        scope.catches_panics = true;
        scope.unit = Some(Arc::new(Unit::new(State {
            user: self.user.clone(),
            job: Some(Arc::clone(&self.id)),
            niche: Some(Arc::clone(&self.niche)),
            attempt: Some(self.attempt.number()),
            max_attempts: self.attempt.at_most(),
            standing: Some(Arc::clone(&self.standing)),
            outer: current.and_then(|current| {
                let unit = current.unit.as_ref()?;
                Some((Arc::downgrade(unit), current.own_context().span_id()))
            }),
            ..State::default()
        })));
        scope
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Description {
            id, niche, user, ..
        } = &self.description;
        formatter
            .debug_struct("Job")
            .field("id", id)
            .field("niche", niche)
            .field("user", user)
            .finish_non_exhaustive()
    }
}
