use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tracing::Level;

#[cfg(feature = "server")]
use super::in_flight::{JobInFlight, Place, tell_abandoned};
use super::{
    JobAttempt, Standing, TARGET,
    description::Description,
    end::{AttemptEnd, Next},
};
use crate::{
    clock,
    error::{Attempt, Failure, Origin},
    exchange::guarded,
    log::{Fields, Key, add_tags},
    metrics::{JobEnd, JobMetrics},
    monitor::Core,
    trace::current::{self, Scope},
    work::{Start, Work, WorkEnd},
};

/// A job that is under way: dropped before its end, it was cancelled.
pub(super) struct RunningJob {
    core: Arc<Core>,
    instruments: Arc<JobMetrics>,
    niche: Arc<str>,
    standing: Arc<Standing>,
    attempt: JobAttempt,
    /// Lent to the thread while the job runs. Its unit is the attempt's.
    scope: Option<Box<Scope>>,
    /// The trace of a message that came with it, or of whoever said so.
    #[cfg(feature = "otlp")]
    continued: bool,
    /// Here; `None` before that.
    started: Option<clock::Start>,
    /// Here or elsewhere, where that is known.
    first_started: Option<SystemTime>,
    /// Among the jobs that are under way, from its start to its end.
    #[cfg(feature = "server")]
    place: Option<Place>,
    is_over: bool,
}

/// What an attempt's end is for its job.
#[derive(Clone, Copy)]
enum Verdict {
    Over(JobEnd),
    Retried(Next),
    HandedBack,
}

impl RunningJob {
    /// Not started yet.
    pub(super) fn new(description: Description) -> Self {
        let scope = description.scope();
        let Description {
            core,
            niche,
            standing,
            attempt,
            first_started,
            ..
        } = description;
        standing.begin(&niche, attempt);
        Self {
            instruments: core.metrics.jobs(&niche),
            scope: Some(scope.boxed()),
            #[cfg(feature = "otlp")]
            continued: description.parent.is_continued(),
            core,
            niche,
            standing,
            attempt,
            started: None,
            first_started,
            #[cfg(feature = "server")]
            place: None,
            is_over: false,
        }
    }

    pub(super) fn start(description: Description) -> Self {
        // It waits for its first start alone; what comes later are pauses.
        let is_first = description.attempt.number() == 1;
        let waited = description.queued_for.filter(|_| is_first);
        let mut this = Self::new(description);
        let started = clock::Start::now();
        this.started = Some(started);
        #[cfg(feature = "server")]
        if let Some(scope) = this.scope() {
            let (niche, standing) = (Arc::clone(&this.niche), Arc::clone(&this.standing));
            let job = JobInFlight {
                scope,
                niche,
                standing,
                started,
            };
            this.place = Some(Place::of(&this.core, job));
        }
        let (core, niche) = (&this.core, &this.niche);
        if let Some(waited) = waited {
            current::enter(&mut this.scope, || core.metrics.job_waited(niche, waited));
        }
        this.tell_start(waited);
        this
    }

    pub(super) const fn attempt(&self) -> JobAttempt {
        self.attempt
    }

    pub(super) fn goes_back(&self) -> bool {
        self.standing.goes_back()
    }

    pub(super) const fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// A copy that shares the attempt's unit, for a piece of the job's work.
    pub(super) fn scope(&self) -> Option<Scope> {
        self.scope.as_deref().cloned()
    }

    /// The next attempt: of the same job, trace and span, with a unit of its own.
    pub(super) fn next_attempt(&mut self) {
        self.attempt = self.attempt.next();
        self.standing.begin(&self.niche, self.attempt);
        if let Some(scope) = &mut self.scope {
            scope.unit = scope
                .unit
                .as_ref()
                .map(|unit| Arc::new(unit.next_attempt()));
        }
        self.tell_start(None);
    }

    /// The one place where an attempt ends. `retry` says of a failure what follows on it.
    pub(super) fn end_attempt(
        &mut self,
        end: &AttemptEnd<'_>,
        retry: impl FnOnce(&Failure) -> Next,
    ) -> Next {
        if self.is_over {
            return Next::Nothing;
        }
        let mut scope = self.scope.take();
        let verdict = current::enter(&mut scope, || self.tell_end(end, retry));
        let next = match verdict {
            Verdict::Retried(next) => next,
            Verdict::Over(_) | Verdict::HandedBack => Next::Nothing,
        };
        match next {
            Next::Here(_) => self.scope = scope,
            Next::Nothing | Next::Elsewhere(_) => {
                self.is_over = true;
                current::recycle(scope);
                #[cfg(feature = "server")]
                drop(self.place.take());
            }
        }
        next
    }

    /// With the attempt's scope current.
    fn tell_end(&self, end: &AttemptEnd<'_>, retry: impl FnOnce(&Failure) -> Next) -> Verdict {
        let core = &self.core;
        let failure = match end {
            AttemptEnd::Error(reported) => Some(Failure::reported(core, reported, None)),
            AttemptEnd::Panicked(message) => Some(Failure::panicked(core, message)),
            AttemptEnd::Success | AttemptEnd::Cancelled | AttemptEnd::HandedBack => None,
        };
        // A step that saw the error for what it is knows better whether another try may succeed.
        let failure = failure.map(|failure| core.errors.capture(core, Origin::Job, failure));
        let verdict = match (end, &failure) {
            (_, Some(failure)) => match guarded(|| retry(failure)).unwrap_or(Next::Nothing) {
                Next::Nothing => Verdict::Over(JobEnd::Failed),
                next => Verdict::Retried(next),
            },
            (AttemptEnd::HandedBack, None) => Verdict::HandedBack,
            (AttemptEnd::Cancelled, None) => Verdict::Over(JobEnd::Cancelled),
            (_, None) => Verdict::Over(JobEnd::Completed),
        };
        // The attempt is over, its unit is at hand, and it is known whether another one follows.
        let elapsed = self.elapsed();
        core.errors.attempt_ended(
            core,
            &Attempt {
                niche: &self.niche,
                end: end.told(),
                retried: !matches!(verdict, Verdict::Over(_)),
                elapsed,
            },
        );
        match verdict {
            Verdict::Over(end) => {
                self.instruments.ended(end, elapsed);
                self.standing.settle(end, true);
            }
            Verdict::Retried(Next::Elsewhere(_)) => self.standing.settle(JobEnd::Failed, false),
            Verdict::HandedBack => self.standing.settle(JobEnd::Cancelled, false),
            Verdict::Retried(_) => {}
        }
        #[cfg(feature = "server")]
        self.tell_abandoned(verdict);
        self.tell_line(verdict, failure.as_ref(), elapsed);
        #[cfg(feature = "otlp")]
        self.export(verdict, failure.as_ref());
        verdict
    }

    fn tell_start(&mut self, queued_for: Option<Duration>) {
        let (core, niche, attempt) = (&self.core, &self.niche, self.attempt);
        current::enter(&mut self.scope, || {
            core.log
                .line(core, TARGET, Level::INFO, "Job started", |fields| {
                    fields.string(Key::NICHE, &**niche);
                    tell_attempt(fields, attempt);
                    if let Some(waited) = queued_for {
                        fields.milliseconds(Key::QUEUED_MS, waited);
                    }
                });
        });
    }

    /// Where it is dropped because the deadline of a process that stops has passed. One that goes back to the queue is
    /// not lost.
    #[cfg(feature = "server")]
    fn tell_abandoned(&self, verdict: Verdict) {
        let is_cancelled = matches!(verdict, Verdict::Over(JobEnd::Cancelled));
        if let Some(started) = self.started
            && is_cancelled
            && self.core.shutdown.is_overdue()
        {
            let begun = || self.standing.progress().map(|progress| progress.step);
            let step = current::cut_off_step().or_else(begun);
            tell_abandoned(&self.core, &self.niche, step, started);
        }
    }

    fn tell_line(&self, verdict: Verdict, failure: Option<&Failure>, elapsed: Duration) {
        let core = &self.core;
        let (level, message, status) = match verdict {
            Verdict::Over(end @ JobEnd::Completed) => {
                (Level::INFO, "Job completed", Some(end.as_str()))
            }
            Verdict::Over(end @ JobEnd::Failed) => (Level::ERROR, "Job failed", Some(end.as_str())),
            Verdict::Over(end @ JobEnd::Cancelled) => {
                (Level::WARN, "Job failed", Some(end.as_str()))
            }
            Verdict::HandedBack => (Level::WARN, "Job failed", Some(QUEUED)),
            Verdict::Retried(_) => (Level::WARN, "Job failed", None),
        };
        core.log.line(core, TARGET, level, message, |fields| {
            fields.string(Key::NICHE, &*self.niche);
            if let Some(status) = status {
                fields.known(Key::STATUS, status);
            }
            tell_attempt(fields, self.attempt);
            if let Verdict::Retried(Next::Here(pause) | Next::Elsewhere(pause)) = verdict {
                fields.milliseconds(Key::RETRY_IN_MS, pause);
            }
            fields.milliseconds(Key::DURATION_MS, elapsed);
            if let Some(failure) = failure {
                fields.failure(Key::ERROR, failure);
                fields.known(Key::CATEGORY, failure.classification.category.as_str());
            }
            add_tags(fields);
        });
    }

    #[cfg(feature = "otlp")]
    fn export(&self, verdict: Verdict, failure: Option<&Failure>) {
        use crate::trace::otlp::{ended_job, failed_attempt};

        let Some(started) = self.started else {
            return;
        };
        let status = match verdict {
            Verdict::Over(end) => end.as_str(),
            Verdict::HandedBack | Verdict::Retried(Next::Elsewhere(_)) => QUEUED,
            // The job's span is not over.
            Verdict::Retried(_) => {
                if let Some(failure) = failure {
                    failed_attempt(&self.core, self.attempt, failure);
                }
                return;
            }
        };
        ended_job(
            &self.core,
            &crate::trace::otlp::EndedJob {
                niche: &self.niche,
                continued: self.continued,
                status,
                attempt: self.attempt,
                failure,
                elapsed: started.elapsed(),
            },
        );
    }

    /// Since the job's first start.
    fn elapsed(&self) -> Duration {
        let here = self.started.map_or(Duration::ZERO, clock::Start::elapsed);
        // A clock that was set back says less than what is known for sure.
        let since = self.first_started.and_then(|first| first.elapsed().ok());
        since.map_or(here, |since| since.max(here))
    }
}

/// Where a job stands that somebody is to take up again.
const QUEUED: &str = crate::metrics::JobStatus::Queued.as_str();

fn tell_attempt(fields: &mut Fields<'_>, attempt: JobAttempt) {
    if attempt.is_one_of_several() {
        // The number itself stands in every entry of the attempt.
        if let Some(at_most) = attempt.at_most() {
            fields.number(Key::MAX_ATTEMPTS, at_most);
        }
    }
}

impl Start for Description {
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
        let end = AttemptEnd::of(&self, &end);
        self.end_attempt(&end, |_| Next::Nothing);
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        if !self.is_over {
            let end = AttemptEnd::stopped(self);
            guarded(|| self.end_attempt(&end, |_| Next::Nothing));
        }
    }
}
