//! The unit of work around steps.
//!
//! A [`Job`] is described, then run: as a future, attempt by attempt, or held by code with a loop of its own. All three
//! are a [`RunningJob`](running::RunningJob), whose attempts each have a unit of their own and end in one place. What
//! outlasts an attempt (costs, progress, whether it goes back to the queue) is its [`Standing`](standing::Standing),
//! which a [`JobHandle`] reads from outside.

mod attempt;
mod description;
mod end;
mod guard;
mod handle;
#[cfg(feature = "server")]
mod in_flight;
mod pipeline;
mod progress;
mod retried;
mod retries;
mod running;
mod standing;

#[cfg(feature = "server")]
pub(crate) use self::in_flight::JobsInFlight;
pub(crate) use self::standing::Standing;
pub use self::{
    attempt::{AttemptError, JobAttempt},
    description::Job,
    guard::{InJob, JobGuard},
    handle::JobHandle,
    pipeline::Pipeline,
    progress::Progress,
    retried::{RetriedJob, RetryWhen, Transient},
    retries::Retries,
};

/// The target of the job lines, for directives in `LOG_LEVEL`.
const TARGET: &str = "monitor_layer::job";
