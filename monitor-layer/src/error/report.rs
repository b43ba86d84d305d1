use std::{any::type_name, fmt, mem, panic::Location, sync::Arc};

use super::{
    AsReported, Category, ErrorLevel, Failure, Origin, Reported, Said, Teller,
    chain::{guarded, shown},
};
use crate::{
    monitor::{Core, current_core},
    trace::{
        TraceContext,
        current::{self, Scope},
    },
};

/// Captures an error that nothing of ours returns or panics with, as one that is handled: it counts in `errors_total`,
/// and its event is sent when its exchange or its attempt of a job ends, at once outside of both.
///
/// Takes every [`Error`](std::error::Error) that is `'static`, boxed ones, `anyhow`'s and `eyre`'s, `String` and `&str`.
/// What can only be shown goes to [`capture_message`]. It goes to the monitor whose exchange, job or step it happens in,
/// else to the installed one; with neither, nothing happens. One that a step, a job or the answer fails by as well is
/// still one failure.
///
/// It is captured when what this returns is dropped, so that there is nothing to call:
///
/// ```
/// use monitor_layer::{ErrorLevel, capture_error};
///
/// # let path = "/tmp/salt.gif";
/// if let Err(error) = std::fs::remove_file(path) {
///     capture_error(&error).tag("store", "local").level(ErrorLevel::Warning);
/// }
/// ```
///
/// `M` is inferred: it tells errors from what lends one.
#[track_caller]
pub fn capture_error<M, E: AsReported<M> + ?Sized>(error: &E) -> ErrorReport<'_> {
    // What lends the error is the user's.
    let reported = guarded(|| error.as_reported());
    ErrorReport::new(reported.unwrap_or_else(|| Reported::unreadable(type_name::<E>())))
}

/// Captures a failure of which there is no error, but what can be shown: as [`capture_error`] does.
///
/// ```
/// monitor_layer::capture_message("PAYMENT_LATE: the provider has not answered for a day").extra("hours", 25);
/// ```
#[track_caller]
pub fn capture_message<'a>(message: impl fmt::Display) -> ErrorReport<'a> {
    ErrorReport::new(Reported::message(shown(&message)))
}

/// A failure that is about to be captured: when this is dropped.
///
/// What is said here wins over what the exchange or job knows.
pub struct ErrorReport<'a> {
    reported: Option<Reported<'a>>,
    at: &'static Location<'static>,
    category: Option<Category>,
    code: Option<String>,
    said: Said,
}

// Dropping what comes back is what captures it.
#[allow(clippy::must_use_candidate, clippy::return_self_not_must_use)]
impl<'a> ErrorReport<'a> {
    #[track_caller]
    fn new(reported: Reported<'a>) -> Self {
        Self {
            reported: Some(reported),
            at: Location::caller(),
            category: None,
            code: None,
            said: Said::default(),
        }
    }

    /// Whose failure it is.
    pub fn user(mut self, id: impl Into<String>) -> Self {
        self.said.user = Some(id.into());
        self
    }

    /// The job that it is of.
    pub fn job(mut self, id: impl Into<String>) -> Self {
        self.said.job = Some(id.into());
        self
    }

    /// Adds a tag, to search by.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.said.tags.push((key.into(), value.into()));
        self
    }

    /// Adds something to be read, up to 1024 bytes of it.
    pub fn extra(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.said.extras.push((key.into(), shown(&value)));
        self
    }

    /// How bad it is; an error by default, a warning where its job will be tried again.
    pub fn level(mut self, level: ErrorLevel) -> Self {
        self.said.level = Some(level);
        self
    }

    /// What error sinks group it by, and what is limited together.
    pub fn fingerprint(mut self, parts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.said.fingerprint = parts.into_iter().map(Into::into).collect();
        self
    }

    /// Its category, in place of what is found.
    pub fn category(mut self, category: Category) -> Self {
        self.category = Some(category);
        self
    }

    /// Its code, in place of what is found. One that begins with `AUTH_`, `PIPELINE_` or `PAYMENT_` tells the category.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Captures it, as dropping it does.
    pub fn send(self) {}
}

impl Drop for ErrorReport<'_> {
    fn drop(&mut self) {
        let (Some(reported), Some(core)) = (self.reported.take(), current_core()) else {
            return;
        };
        let said = mem::take(&mut self.said);
        // What reads the error is the user's.
        let failure = guarded(|| {
            let reported = reported.told(self.category, self.code.as_deref());
            Failure::reported(&core, &reported, None)
        });
        if let Some(failure) = failure {
            let teller = Origin::Told(Teller::Report(self.at));
            within_a_scope(&core, || {
                core.errors.note(&core, teller, failure, said);
            });
        }
    }
}

/// In what is current, else in a trace of its own.
fn within_a_scope(core: &Arc<Core>, work: impl FnOnce()) {
    if current::with_current(|scope| scope.is_some()) {
        return work();
    }
    let context = TraceContext::root(&core.sampler);
    let mut scope = Some(Scope::new(context, Some(Arc::clone(core))).boxed());
    current::enter(&mut scope, work);
    current::recycle(scope);
}

impl fmt::Debug for ErrorReport<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ErrorReport")
            .field("reported", &self.reported)
            .finish_non_exhaustive()
    }
}
