//! Failures: what kind they are, and putting each, once, where people look.
//!
//! A failure is noted where it happens, counted there, and known on its way up. Its event is sent when its exchange or
//! its attempt of a job ends, with what that knows by then.

mod before_send;
mod breadcrumbs;
mod capture;
mod category;
mod chain;
mod classify;
mod draft;
mod ended;
mod event;
mod exchange;
mod failure;
mod failures;
#[cfg(not(feature = "sentry"))]
mod isolated;
mod limit;
mod line;
mod panic;
mod report;
#[cfg(feature = "sentry")]
mod sentry;

#[cfg(feature = "server")]
pub(crate) use self::chain::text_with_sources;
#[cfg(not(feature = "sentry"))]
pub(crate) use self::isolated::Isolated;
#[cfg(feature = "alerts")]
pub(crate) use self::panic::PANIC_TYPE;
#[cfg(feature = "sentry")]
pub(crate) use self::sentry::{
    Isolated, Settings as SentrySettings, Sink as SentrySink, StepSpans,
};
pub(crate) use self::{
    before_send::BeforeSend,
    breadcrumbs::Breadcrumbs,
    capture::{Capture, Origin, Sinks, Teller},
    chain::{chain, shown, text},
    classify::Classifier,
    ended::{Attempt, AttemptEnd},
    exchange::capture_exchange,
    failure::Failure,
    failures::Failures,
    line::capture_line,
    panic::on_panic,
};
pub use self::{
    category::{Categorize, Category, UnknownCategory},
    classify::Classification,
    event::{Breadcrumb, ErrorEvent, ErrorLevel},
    failure::{AsReported, Reported},
    report::{ErrorReport, capture_error, capture_message},
};
use self::{
    draft::{Draft, Said},
    failures::{Due, Seen},
};
