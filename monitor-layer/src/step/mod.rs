//! The runtime of `#[instrument_step]`.

mod called;
mod fields;
mod kind;
mod look;
mod running;
mod site;
mod table;

pub use self::{
    called::Step,
    fields::{FieldRecorder, Recorded},
    kind::Kind,
    look::{Look, LookBorrowed, no_error, none_is_error},
    site::StepSite,
};
pub(crate) use self::{fields::StepFields, table::SiteTable};
use crate::{
    error::Reported,
    work::{self, Start as _},
};

/// The traits through which a type is found to be what it is.
pub mod via {
    pub use super::{
        fields::{ViaDebug as _, ViaTracing as _},
        kind::{ViaLocalFuture as _, ViaSendFuture as _, ViaSharedFuture as _, ViaValue as _},
        look::{
            ViaCategorize as _, ViaDisplay as _, ViaError as _, ViaLent as _, ViaLocal as _,
            ViaNothing as _, ViaType as _,
        },
    };
}

/// Runs an async step.
///
/// A plain function that returns a future: an `async fn` would store the body twice.
pub fn run<F, L>(step: Step, body: F, look: L) -> impl Future<Output = F::Output> + use<F, L>
where
    F: Future,
    L: FnOnce(&F::Output) -> Option<Reported<'_>>,
{
    work::observe(body, step, look)
}

/// Calls a function that makes a future, at once, as without the attribute.
pub fn make<F>(make: impl FnOnce() -> F) -> F {
    make()
}

/// Runs a step that is a plain function.
pub fn run_sync<R, L>(step: Step, body: impl FnOnce() -> R, look: L) -> R
where
    L: FnOnce(&R) -> Option<Reported<'_>>,
{
    work::observe_call(step.start(), body, look)
}

/// Where an async block says which type it is of. Never called.
#[must_use]
pub fn value_of_type<T>() -> T {
    loop {
        std::thread::park();
    }
}

/// The same for `!`, which cannot be named. Never called.
#[must_use]
pub fn never<F: Returns>() -> Never<F::Returned> {
    value_of_type()
}

/// What an async block ends with that does not end.
#[derive(Debug)]
pub struct Never<R>(pub R);

/// Pointers to functions, by what they return.
pub trait Returns {
    /// What they return.
    type Returned;
}

impl<R> Returns for fn() -> R {
    type Returned = R;
}
