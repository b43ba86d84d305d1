use std::{fmt, sync::Arc, time::Duration};

use tracing::Level;

use crate::{
    clock,
    error::{AsReported, Attempt, AttemptEnd, Failure, Origin},
    log::{Key, add_tags},
    metrics::{JobEnd, JobMetrics},
    monitor::Core,
    trace::{
        Carrier, TraceContext, TraceId,
        current::{self, Scope},
    },
    unit::{State, Unit},
    work::{self, Start, Work, WorkEnd},
};

/// The target of the job lines, for directives in `LOG_LEVEL`.
const TARGET: &str = "monitor_layer::job";
/// The niche of jobs that name none.
const NO_NICHE: &str = "none";

/// The unit of work around steps: described, then run.
///
/// Made by [`Monitor::job`](crate::Monitor::job). Its id and user stand in the entries of everything inside; its end
/// is measured once, by status and niche.
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
#[must_use = "a job does nothing until it is run"]
pub struct Job {
    core: Arc<Core>,
    id: Arc<str>,
    niche: Arc<str>,
    user: Option<Arc<str>>,
    parent: Option<TraceContext>,
    queued_for: Option<Duration>,
}

impl Job {
    pub(crate) fn new(core: Arc<Core>, id: Arc<str>) -> Self {
        Self {
            core,
            id,
            niche: NO_NICHE.into(),
            user: None,
            parent: None,
            queued_for: None,
        }
    }

    /// The kind of job: a label of its metrics, `none` where it is not said.
    pub fn niche(mut self, niche: impl Into<Arc<str>>) -> Self {
        self.niche = niche.into();
        self
    }

    /// Whose job it is.
    pub fn user(mut self, id: impl Into<Arc<str>>) -> Self {
        self.user = Some(id.into());
        self
    }

    /// Continues the trace that [`TraceContext::to_carrier`] wrote into the message.
    ///
    /// Without a usable one, an id that is a UUID is the trace's id; else the job is part of what is current, or
    /// starts a trace.
    pub fn continue_from(mut self, carrier: &(impl Carrier + ?Sized)) -> Self {
        self.parent = TraceContext::from_carrier(carrier, &self.core.sampler);
        self
    }

    /// How long it waited in the queue.
    pub fn queued_for(mut self, waited: Duration) -> Self {
        self.queued_for = Some(waited);
        self
    }

    /// Runs it. An `Err` and a panic are a failed job; dropping the future after its first poll cancels it. Each run is
    /// a job of its own: a loop that tries again belongs inside, as does what is to be logged with the job's id.
    ///
    /// `M` is inferred: it tells errors from what lends one, as a boxed error does.
    pub fn run<F, T, E, M>(self, work: F) -> impl Future<Output = Result<T, E>> + use<F, T, E, M>
    where
        F: Future<Output = Result<T, E>>,
        E: AsReported<M>,
    {
        work::observe(work, self, |returned: &Result<T, E>| {
            returned.as_ref().err().map(AsReported::as_reported)
        })
    }

    /// It was cancelled before it was started: counted as `CANCELLED` after 0 s.
    pub fn cancelled_in_queue(self) {
        let RunningJob {
            core,
            instruments,
            niche,
            mut scope,
            ..
        } = RunningJob::described(self);
        instruments.ended(JobEnd::Cancelled, Duration::ZERO);
        current::enter(&mut scope, || {
            core.log
                .line(&core, TARGET, Level::WARN, "Job failed", |fields| {
                    fields.string(Key::NICHE, &*niche);
                    fields.known(Key::STATUS, JobEnd::Cancelled.as_str());
                    fields.milliseconds(Key::DURATION_MS, Duration::ZERO);
                });
        });
    }

    fn scope(&self) -> Scope {
        let current = Scope::current();
        let context = if let Some(parent) = &self.parent {
            parent.clone()
        } else if let Some(id) = TraceId::from_uuid_or_hex(&self.id) {
            TraceContext::root_with_trace_id(id, &self.core.sampler)
        } else if let Some(current) = &current {
            current.context.child()
        } else {
            TraceContext::root(&self.core.sampler)
        };
        let mut scope = Scope::new(context, Some(Arc::clone(&self.core)));
        scope.catches_panics = true;
        scope.unit = Some(Arc::new(Unit::new(State {
            user: self.user.clone(),
            job: Some(Arc::clone(&self.id)),
            niche: Some(Arc::clone(&self.niche)),
            attempt: Some(1),
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
        formatter
            .debug_struct("Job")
            .field("id", &self.id)
            .field("niche", &self.niche)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A job that is under way.
pub(crate) struct RunningJob {
    core: Arc<Core>,
    instruments: Arc<JobMetrics>,
    niche: Arc<str>,
    /// Lent to the thread while the job runs.
    scope: Option<Box<Scope>>,
    /// The trace of a message that came with it, or of whoever said so.
    #[cfg(feature = "otlp")]
    continued: bool,
    started: clock::Start,
}

impl RunningJob {
    fn described(job: Job) -> Self {
        Self {
            scope: Some(job.scope().boxed()),
            #[cfg(feature = "otlp")]
            continued: job.parent.is_some(),
            instruments: job.core.metrics.jobs(&job.niche),
            core: job.core,
            niche: job.niche,
            started: clock::Start::now(),
        }
    }

    fn start(job: Job) -> Self {
        let queued_for = job.queued_for;
        let mut this = Self::described(job);
        let (core, niche) = (&this.core, &this.niche);
        current::enter(&mut this.scope, || {
            if let Some(waited) = queued_for {
                core.metrics.job_waited(niche, waited);
            }
            core.log
                .line(core, TARGET, Level::INFO, "Job started", |fields| {
                    fields.string(Key::NICHE, &**niche);
                    if let Some(waited) = queued_for {
                        fields.milliseconds(Key::QUEUED_MS, waited);
                    }
                });
        });
        this
    }

    fn tell(&self, end: &WorkEnd<'_>) {
        let core = &self.core;
        let elapsed = self.started.elapsed();
        let attempt_end = match end {
            WorkEnd::Success => AttemptEnd::Succeeded,
            WorkEnd::Error(_) => AttemptEnd::Failed,
            WorkEnd::Panicked(_) => AttemptEnd::Panicked,
            WorkEnd::Cancelled => AttemptEnd::Cancelled,
        };
        let (end, failure) = match end {
            WorkEnd::Success => (JobEnd::Completed, None),
            WorkEnd::Error(reported) => (
                JobEnd::Failed,
                Some(Failure::reported(core, reported, None)),
            ),
            WorkEnd::Panicked(message) => (JobEnd::Failed, Some(Failure::panicked(core, message))),
            WorkEnd::Cancelled => (JobEnd::Cancelled, None),
        };
        self.instruments.ended(end, elapsed);
        let failure = failure.map(|failure| core.errors.capture(core, Origin::Job, failure));
        core.errors.attempt_ended(
            core,
            &Attempt {
                niche: &self.niche,
                end: attempt_end,
                retried: false,
                elapsed,
            },
        );
        let (level, message) = match end {
            JobEnd::Completed => (Level::INFO, "Job completed"),
            JobEnd::Cancelled => (Level::WARN, "Job failed"),
            JobEnd::Failed => (Level::ERROR, "Job failed"),
        };
        core.log.line(core, TARGET, level, message, |fields| {
            fields.string(Key::NICHE, &*self.niche);
            fields.known(Key::STATUS, end.as_str());
            fields.milliseconds(Key::DURATION_MS, elapsed);
            if let Some(failure) = &failure {
                fields.failure(Key::ERROR, failure);
                fields.known(Key::CATEGORY, failure.classification.category.as_str());
            }
            add_tags(fields);
        });
        #[cfg(feature = "otlp")]
        crate::trace::otlp::ended_job(
            core,
            &self.niche,
            self.continued,
            end,
            failure.as_ref(),
            elapsed,
        );
    }
}

impl Start for Job {
    type Work = RunningJob;

    fn start(self) -> RunningJob {
        RunningJob::start(self)
    }
}

impl Work for RunningJob {
    fn within(&mut self, part: &mut dyn FnMut()) {
        current::enter(&mut self.scope, part);
    }

    fn end(mut self, end: WorkEnd<'_>) {
        let mut scope = self.scope.take();
        current::enter(&mut scope, || self.tell(&end));
        current::recycle(scope);
    }
}
