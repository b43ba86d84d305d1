//! What is running on this thread right now.
//!
//! A scope travels with the poll, not in request extensions: futures and bodies of ours swap theirs in before each
//! poll and out after it. That costs no allocation, and what is spawned without [`Current::scope`] starts afresh.

use std::sync::Arc;

pub(crate) use super::scope::{Scope, enter, recycle, with_current};
use super::{InScope, TraceContext};
use crate::{
    job::JobAttempt,
    metrics::{Business, InvalidAmount, Signal},
    monitor::current_core,
    unit::Unit,
};

/// A step of what is current is cut off: the first that says so is the innermost.
#[cfg(feature = "server")]
pub(crate) fn note_cut_off_step(step: &'static str) {
    with_current(|scope| {
        if let Some(unit) = scope.and_then(|scope| scope.unit.as_ref()) {
            unit.lock().cut_off_step.get_or_insert(step);
        }
    });
}

/// The innermost step of what is current that was cut off.
#[cfg(feature = "server")]
pub(crate) fn cut_off_step() -> Option<&'static str> {
    with_current(|scope| scope?.unit.as_ref()?.lock().cut_off_step)
}

/// The exchange, job or step that the calling code runs in.
///
/// Names the user and adds tags from any middleware, handler or step inside; outside of all of them each method
/// does nothing.
///
/// ```
/// # let plan = "pro";
/// monitor_layer::current().user("u-17").tag("plan", plan);
/// ```
#[must_use = "call `user`, `tag`, `scope` or read the context"]
pub fn current() -> Current {
    Current(Scope::current())
}

/// A handle on what [`current()`] found; cheap to clone and safe to keep after the work is over.
#[derive(Clone)]
pub struct Current(Option<Scope>);

impl Current {
    /// Names the user: `userId` in log lines, the user of error events, one of the `active_users`.
    // The handle comes back for chaining; dropping it is the usual end.
    #[allow(clippy::return_self_not_must_use)]
    pub fn user(self, id: impl Into<Arc<str>>) -> Self {
        if let Some(scope) = &self.0 {
            let id = id.into();
            if let Some(core) = &scope.core {
                core.metrics.user_active(&id);
            }
            if let Some(unit) = &scope.unit {
                unit.set_user(id);
            }
        }
        self
    }

    /// Names the job: `jobId` in log lines and error events. Jobs run by `Monitor::job` are named already.
    #[allow(clippy::return_self_not_must_use)]
    pub fn job(self, id: impl Into<Arc<str>>) -> Self {
        if let Some(unit) = self.unit() {
            unit.set_job(id.into());
        }
        self
    }

    /// Adds a tag to the closing line and to error events of this exchange or job; the last value of a key wins.
    #[allow(clippy::return_self_not_must_use)]
    pub fn tag(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        if let Some(unit) = self.unit() {
            unit.set_tag(key.into(), value.into());
        }
        self
    }

    /// What the job used of a resource, in US dollars: `job_cost_usd_total`, by the status that the job ends with. Outside
    /// of a job there is nothing to count it by: it is told in `telemetry_dropped_total{signal="observers"}`.
    ///
    /// ```
    /// # use monitor_layer::testing::TestMonitor;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let monitor = TestMonitor::new("worker");
    /// let job = monitor.job("job-7").niche("history").run(async {
    ///     monitor_layer::current().cost(0.042, "gpu") // from any step inside
    /// });
    /// job.await.unwrap();
    /// let gpu = [("niche", "history"), ("status", "COMPLETED"), ("resource", "gpu")];
    /// assert_eq!(monitor.metric("job_cost_usd_total", gpu), 0.042);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] where it is no amount; nothing is counted then.
    pub fn cost(&self, usd: f64, resource: &str) -> Result<(), InvalidAmount> {
        let standing = self.unit().and_then(|unit| unit.lock().standing.clone());
        if let Some(standing) = standing {
            return standing.cost(usd, resource);
        }
        let core = self.0.as_ref().and_then(|scope| scope.core.clone());
        if let Some(core) = core.or_else(current_core) {
            Business::of(&core.metrics).check(usd)?;
            core.metrics.dropped(Signal::Observers);
        }
        Ok(())
    }

    /// The job that is named: by `Monitor::job`, or by [`job`](Self::job).
    ///
    /// ```
    /// # use monitor_layer::testing::TestMonitor;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let monitor = TestMonitor::new("worker");
    /// let job = monitor.job("job-7").user("u-1").run(async {
    ///     let inside = monitor_layer::current().scope(async {
    ///         let current = monitor_layer::current();
    ///         (current.job_id(), current.user_id(), current.attempt().map(|it| it.number()))
    ///     });
    ///     Ok::<_, std::io::Error>(tokio::spawn(inside).await.unwrap())
    /// });
    /// let seen = job.await.unwrap();
    /// assert_eq!(seen, (Some("job-7".into()), Some("u-1".into()), Some(1)));
    /// # }
    /// ```
    #[must_use]
    pub fn job_id(&self) -> Option<Arc<str>> {
        self.unit()?.lock().job.clone()
    }

    /// The user that is named.
    #[must_use]
    pub fn user_id(&self) -> Option<Arc<str>> {
        self.unit()?.lock().user.clone()
    }

    /// Which attempt of a job this is, within jobs.
    #[must_use]
    pub fn attempt(&self) -> Option<JobAttempt> {
        self.unit()?.lock().job_attempt()
    }

    /// The ids of what is running, where anything is.
    #[must_use]
    pub fn trace_context(&self) -> Option<&TraceContext> {
        self.0.as_ref().map(|scope| &scope.context)
    }

    /// Lets a future (or a response body) run as part of what is current here, wherever it is polled.
    ///
    /// ```
    /// # async fn send_mail() {}
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// tokio::spawn(monitor_layer::current().scope(async { send_mail().await }));
    /// # }
    /// ```
    pub fn scope<T>(self, inner: T) -> InScope<T> {
        InScope::new(self.lent().map(Scope::boxed), inner)
    }

    /// Runs a function as part of what is current here, on whatever thread.
    ///
    /// ```
    /// # fn encode() {}
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let current = monitor_layer::current();
    /// tokio::task::spawn_blocking(move || current.enter(encode)).await.unwrap();
    /// # }
    /// ```
    pub fn enter<R>(self, work: impl FnOnce() -> R) -> R {
        let mut scope = self.lent().map(Scope::boxed);
        let result = enter(&mut scope, work);
        recycle(scope);
        result
    }

    /// What is to run elsewhere, where nobody of ours catches panics.
    fn lent(self) -> Option<Scope> {
        self.0.map(|scope| Scope {
            catches_panics: false,
            ..scope
        })
    }

    fn unit(&self) -> Option<&Unit> {
        self.0.as_ref().and_then(|scope| scope.unit.as_deref())
    }
}

impl std::fmt::Debug for Current {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Current")
            .field(&self.trace_context())
            .finish()
    }
}
