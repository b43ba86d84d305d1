use std::{
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tracing::Metadata;

use super::{
    BeforeSend, Classifier, Draft, Due, ErrorEvent, Failure, Said, Seen,
    before_send::Lost,
    draft::{Completed, redact},
    limit::{Limit, kind},
};
use crate::{
    log::level_name,
    metrics::Signal,
    monitor::Core,
    trace::current::{self, Scope},
    unit::Unit,
};

/// Where failures go: counted always, sent where there is a sink.
pub(crate) struct Capture {
    classifier: Classifier,
    before_send: Option<BeforeSend>,
    limit: Limit,
    sinks: Sinks,
    /// Where events wait, for a flush.
    waiting: Mutex<Vec<Weak<Unit>>>,
}

/// The error sinks of a monitor.
#[derive(Default)]
pub(crate) struct Sinks {
    pub(crate) memory: Option<Arc<Mutex<Vec<ErrorEvent>>>>,
    #[cfg(feature = "sentry")]
    pub(crate) sentry: Option<super::sentry::Sink>,
    /// Whether each exchange and job has a Sentry hub of its own.
    #[cfg(feature = "sentry")]
    pub(crate) isolate: bool,
}

impl Sinks {
    /// Kept, for tests.
    #[cfg(feature = "testing")]
    pub(crate) fn memory(events: Arc<Mutex<Vec<ErrorEvent>>>) -> Self {
        Self {
            memory: Some(events),
            #[cfg(feature = "sentry")]
            sentry: None,
            #[cfg(feature = "sentry")]
            isolate: false,
        }
    }

    fn any(&self) -> bool {
        #[cfg(feature = "sentry")]
        if self.sentry.is_some() {
            return true;
        }
        self.memory.is_some()
    }
}

/// What failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    Step(&'a str),
    Job,
    Exchange {
        method: &'a str,
        route: &'a str,
    },
    /// Nothing, as far as is known: somebody in here tells of a failure.
    Told(Teller),
}

/// Who tells of a failure that nothing has failed by yet. The same one tells of another each time, others of the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Teller {
    /// A log line, by its call site.
    Line(usize),
    Report(&'static Location<'static>),
    Hook,
}

impl Capture {
    pub(crate) fn new(
        classifier: Classifier,
        before_send: Option<BeforeSend>,
        sinks: Sinks,
    ) -> Self {
        Self {
            classifier,
            before_send,
            limit: Limit::default(),
            sinks,
            waiting: Mutex::default(),
        }
    }

    pub(crate) fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Whether events are made of failures.
    #[inline]
    fn collects(&self, core: &Core) -> bool {
        #[cfg(feature = "alerts")]
        if core.alerts.raised_by().failures() {
            return true;
        }
        let _ = core;
        self.sinks.any()
    }

    /// Keeps a line of the user's in case its exchange or job fails; of nobody's lines, where events are made of
    /// failures.
    #[inline]
    pub(crate) fn keep_breadcrumb(
        &self,
        core: &Core,
        metadata: &'static Metadata<'static>,
        message: &str,
        fields: &[u8],
    ) {
        if !self.sinks.any() {
            return;
        }
        let unit = current::with_current(|scope| {
            let scope = scope?;
            let has_end = scope.in_exchange || scope.unit.as_ref()?.lock().niche.is_some();
            let owner = scope.core.as_ref().filter(|_| has_end)?;
            let is_own = Arc::ptr_eq(&owner.shared, &core.shared);
            is_own.then(|| Arc::clone(scope.shared_unit()))
        });
        if let Some(unit) = unit {
            let level = level_name(*metadata.level());
            unit.breadcrumbs
                .add(level, metadata.target(), message, fields);
        }
    }

    /// The Sentry sink, where there is one.
    #[cfg(feature = "sentry")]
    pub(crate) fn sentry(&self) -> Option<&super::sentry::Sink> {
        self.sinks.sentry.as_ref()
    }

    /// What a new exchange or job has of its own for the Sentry SDK.
    #[cfg_attr(not(feature = "sentry"), allow(clippy::unused_self))]
    #[inline]
    pub(crate) fn isolate(&self, scope: &mut Scope) {
        #[cfg(feature = "sentry")]
        if self.sinks.isolate {
            let client = self.sentry().map(super::sentry::Sink::client);
            scope.isolated = scope.isolated.within(client, &scope.context);
        }
        let _ = scope;
    }

    /// Notes a failure of what is current, unless what failed inside has made it: an error that travels up through
    /// steps keeps its text, or carries it as a source. Gives the failure back, as what it is known for.
    pub(crate) fn capture(&self, core: &Core, origin: Origin<'_>, failure: Failure) -> Failure {
        self.note(core, origin, failure, Said::default())
    }

    /// The same, with what was said of it. Its event is sent when its exchange or job attempt ends; at once where there
    /// is none, or it is over.
    pub(super) fn note(
        &self,
        core: &Core,
        origin: Origin<'_>,
        mut failure: Failure,
        mut said: Said,
    ) -> Failure {
        let Some(scope) = Scope::current() else {
            return failure;
        };
        let Some(unit) = &scope.unit else {
            return failure;
        };
        let seen = Seen {
            at: scope.own_context().span_id(),
            enclosing: scope.enclosing,
            teller: match origin {
                Origin::Told(teller) => Some(teller),
                _ => None,
            },
        };
        let recognised = unit.failures.recognise(seen, &failure, &mut said);
        if let Some(recognised) = recognised {
            failure.classification = recognised.classification;
            for _ in 0..recognised.uncounted {
                self.count(core, failure.classification.category);
            }
        } else {
            self.note_new(core, &scope, unit, origin, &failure, said);
        }
        let outer = matches!(origin, Origin::Job).then(|| unit.lock().outer.clone());
        if let Some((outer, span)) = outer.flatten()
            && let Some(outer) = outer.upgrade()
        {
            let (_, forgotten) = outer.failures.remember(&failure, Some(span), None, false);
            forgotten
                .into_iter()
                .for_each(|category| self.count(core, category));
        }
        failure
    }

    fn note_new(
        &self,
        core: &Core,
        scope: &Scope,
        unit: &Arc<Unit>,
        origin: Origin<'_>,
        failure: &Failure,
        said: Said,
    ) {
        let teller = match origin {
            Origin::Told(teller) => Some(teller),
            _ => None,
        };
        let has_end = scope.in_exchange || unit.lock().niche.is_some();
        let owner = scope.core.as_ref().filter(|_| has_end);
        let owner = owner.filter(|owner| unit.failures.belong_to(owner));
        let is_uncounted = owner.is_some() && failure.is_vague();
        if !is_uncounted {
            self.count(core, failure.classification.category);
        }
        let next = match teller {
            Some(_) => Some(scope.own_context().span_id()),
            None => scope.enclosing,
        };
        let (number, forgotten) = unit.failures.remember(failure, next, teller, is_uncounted);
        forgotten
            .into_iter()
            .for_each(|category| self.count(core, category));
        if !self.collects(core) {
            return;
        }
        let draft = Draft::new(core, scope, origin, failure, said).numbered(number);
        let draft = match owner {
            Some(owner) => {
                self.remember_waiting(unit);
                unit.failures.wait(owner, draft)
            }
            None => Some(draft),
        };
        if let Some(draft) = draft {
            self.complete(core, draft, unit, false);
        }
    }

    /// The exchange or the attempt of a job is over: what was noted in it is sent. `retried` says that the job will be
    /// tried again, in this unit or in another one, so that it is a warning.
    pub(crate) fn unit_ended(&self, core: &Core, unit: &Unit, retried: bool) {
        let due = unit.failures.end(retried);
        self.send_due(core, due, unit, retried);
    }

    fn send_due(&self, core: &Core, due: Due, unit: &Unit, retried: bool) {
        due.uncounted
            .into_iter()
            .for_each(|category| self.count(core, category));
        if due.drafts.is_empty() {
            return;
        }
        self.forget_waiting(unit);
        for draft in due.drafts {
            self.complete(core, draft, unit, retried);
        }
    }

    fn remember_waiting(&self, unit: &Arc<Unit>) {
        let mut waiting = self.waiting();
        if !waiting
            .iter()
            .any(|known| known.as_ptr() == Arc::as_ptr(unit))
        {
            waiting.push(Arc::downgrade(unit));
        }
    }

    fn forget_waiting(&self, unit: &Unit) {
        self.waiting()
            .retain(|known| !std::ptr::eq(known.as_ptr(), unit));
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Weak<Unit>>> {
        // Nothing panics while the lock is held.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what waits for an end, for the process may be over before it.
    pub(crate) fn end_waiting(&self) {
        let waiting: Vec<_> = self.waiting().iter().filter_map(Weak::upgrade).collect();
        for unit in waiting {
            let due = unit.failures.end(true);
            if let Some(core) = due.core.clone() {
                self.send_due(&core, due, &unit, false);
            }
        }
    }

    /// Waits until what was sent has arrived or is lost, for at most `deadline`.
    pub(crate) fn wait_until_sent(&self, deadline: Duration) {
        #[cfg(feature = "sentry")]
        if let Some(sentry) = &self.sinks.sentry {
            sentry.flush(deadline);
        }
        let _ = deadline;
    }

    fn count(&self, core: &Core, category: super::Category) {
        core.metrics.error_captured(category);
    }

    fn complete(&self, core: &Core, draft: Draft, unit: &Unit, retried: bool) {
        let completed = draft.complete(core, unit, retried);
        #[cfg(feature = "alerts")]
        crate::alert::failed(core, &completed.event);
        if self.sinks.any() {
            self.send(core, completed);
        }
    }

    fn send(&self, core: &Core, mut completed: Completed) {
        let kind = kind(&completed.event);
        let Some(suppressed) = self.limit.admit(kind, Instant::now()) else {
            return;
        };
        completed.event.suppressed = suppressed;
        if let Some(before_send) = &self.before_send {
            completed.event = match before_send.apply(completed.event) {
                Ok(Some(event)) => event,
                Ok(None) => return,
                Err(Lost) => return core.metrics.dropped(Signal::Errors),
            };
            redact(&mut completed.event, &core.redactor);
        }
        if let Some(memory) = &self.sinks.memory {
            memory
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(completed.event.clone());
        }
        #[cfg(feature = "sentry")]
        if let Some(sentry) = &self.sinks.sentry {
            sentry.send(core, completed);
        }
    }
}

/// What still waits in a unit that has no other end, as one of an exchange that nobody measures.
impl Drop for Unit {
    fn drop(&mut self) {
        let due = self.failures.take();
        if let Some(core) = due.core.clone() {
            core.errors.send_due(&core, due, self, false);
        }
    }
}
