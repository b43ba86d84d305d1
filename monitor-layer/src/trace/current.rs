//! What is running on this thread right now.
//!
//! A scope travels with the poll, not in request extensions: futures and bodies of ours swap theirs in before each
//! poll and out after it. That costs no allocation, and what is spawned without [`Current::scope`] starts afresh.

use std::{cell::RefCell, mem, sync::Arc};

use http::Method;

use super::{InScope, TraceContext};
use crate::{exchange::Route, log::Opening, monitor::Core, unit::Unit};

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
    /// Names the user: `userId` in log lines, the user of error events.
    // The handle comes back for chaining; dropping it is the usual end.
    #[allow(clippy::return_self_not_must_use)]
    pub fn user(self, id: impl Into<Arc<str>>) -> Self {
        if let Some(unit) = self.unit() {
            unit.set_user(id.into());
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
        InScope::new(self.0, inner)
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
        enter(&mut { self.0 }, work)
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

/// Identity and belongings of one exchange, job or step.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) context: TraceContext,
    /// The monitor whose exchange, job or step this is.
    pub(crate) core: Option<Arc<Core>>,
    /// Made when somebody first writes to it or shares it: an exchange that nobody adds to allocates none.
    pub(crate) unit: Option<Arc<Unit>>,
    /// The innermost step.
    pub(crate) step: Option<&'static str>,
    /// The exchange's method.
    pub(crate) method: Option<Method>,
    /// The exchange's route, where it is known.
    pub(crate) route: Option<Route>,
    /// What is to be written before any other line in here.
    pub(crate) opening: Option<Arc<Opening>>,
    /// Whether this is inside of a request whose context a layer has read: layers further in leave it be.
    pub(crate) in_request: bool,
    /// Whether a monitor's exchange is under way here, so that a second layer below does not count it again.
    pub(crate) in_exchange: bool,
}

thread_local! {
    static CURRENT: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

impl Scope {
    pub(crate) fn new(context: TraceContext, core: Option<Arc<Core>>) -> Self {
        Self {
            context,
            core,
            unit: None,
            step: None,
            method: None,
            route: None,
            opening: None,
            in_request: false,
            in_exchange: false,
        }
    }

    /// A copy that shares its unit with the running one.
    pub(crate) fn current() -> Option<Self> {
        with_current(|scope| {
            scope.map(|scope| {
                scope.shared_unit();
                scope.clone()
            })
        })
    }

    /// The running one, if it is a request's.
    pub(crate) fn current_of_request() -> Option<Self> {
        with_current(|scope| {
            scope
                .filter(|scope| scope.in_request)
                .map(|scope| scope.clone())
        })
    }

    /// A scope below this one, with a child context.
    pub(crate) fn child(&mut self) -> Self {
        self.shared_unit();
        Self {
            context: self.context.child(),
            ..self.clone()
        }
    }

    pub(crate) fn shared_unit(&mut self) -> &Arc<Unit> {
        self.unit.get_or_insert_default()
    }
}

/// Looks at the running scope. `operation` must not call back into this module; where it would, or where the
/// thread is being torn down, nothing is current.
pub(crate) fn with_current<R: Default>(operation: impl FnOnce(Option<&mut Scope>) -> R) -> R {
    CURRENT
        .try_with(|current| match current.try_borrow_mut() {
            Ok(mut current) => operation(current.as_mut()),
            Err(_) => operation(None),
        })
        .unwrap_or_default()
}

/// Makes the scope in `slot` the running one for as long as `work` runs, panics included. An empty slot changes
/// nothing.
pub(crate) fn enter<R>(slot: &mut Option<Scope>, work: impl FnOnce() -> R) -> R {
    if slot.is_none() {
        return work();
    }
    swap(slot);
    let _entered = Entered(slot);
    work()
}

struct Entered<'a>(&'a mut Option<Scope>);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        swap(self.0);
    }
}

fn swap(slot: &mut Option<Scope>) {
    // A thread that is being torn down has no current scope: the work runs without one.
    let _ = CURRENT.try_with(|current| {
        if let Ok(mut current) = current.try_borrow_mut() {
            mem::swap(&mut *current, slot);
        }
    });
}
