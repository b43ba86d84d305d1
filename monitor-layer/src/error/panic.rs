//! Panics that nobody of ours catches, and where the others came from.

use std::{
    cell::{Cell, RefCell},
    panic::PanicHookInfo,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{ErrorLevel, Failure, Origin, Said, Teller};
use crate::{
    exchange::panic_message,
    monitor::Core,
    trace::{
        TraceContext,
        current::{self, Scope},
    },
};

/// For the process may be about to end: so long is waited for its event to be sent.
const DEADLINE: Duration = if cfg!(panic = "abort") {
    Duration::from_secs(2)
} else {
    Duration::from_millis(100)
};
/// The type of failures that are panics.
pub(crate) const PANIC_TYPE: &str = "panic";

/// Where a panic came from, where the hook has seen it.
#[derive(Clone, Debug, Default)]
pub(crate) struct PanicPlace {
    message: String,
    location: Option<String>,
    #[cfg(feature = "sentry")]
    pub(super) stack: Option<sentry::protocol::Stacktrace>,
}

thread_local! {
    /// Of the last panic on this thread, which whoever catches it asks for.
    static LAST: RefCell<Option<PanicPlace>> = const { RefCell::new(None) };
    /// This thread tells of a panic; one of its own is not told of in turn.
    static TELLS: Cell<bool> = const { Cell::new(false) };
}

impl PanicPlace {
    /// That of this failure, if it is a panic that was the last one on this thread.
    pub(super) fn of(failure: &Failure) -> Self {
        if failure.type_name != PANIC_TYPE {
            return Self::default();
        }
        let last = LAST.try_with(|last| last.try_borrow_mut().ok()?.take());
        let last = last.ok().flatten();
        last.filter(|last| last.message == failure.message)
            .unwrap_or_default()
    }

    pub(super) fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    fn new(core: &Core, panic: &PanicHookInfo<'_>) -> Self {
        #[cfg(not(feature = "sentry"))]
        let _ = core;
        let location = panic.location();
        Self {
            message: panic_message(panic.payload()).to_owned(),
            location: location.map(ToString::to_string),
            #[cfg(feature = "sentry")]
            stack: (core.errors.sentry().is_some())
                .then(sentry::integrations::backtrace::current_stacktrace)
                .flatten(),
        }
    }
}

/// Captures a panic that nobody of ours catches, and waits a moment for it to be sent. Of another, notes where it came
/// from.
///
/// What captures it may call code of the user's, and a second panic in a hook would end the process: so that is done by
/// a thread of its own.
pub(crate) fn on_panic(core: &Arc<Core>, panic: &PanicHookInfo<'_>) {
    if TELLS.try_with(Cell::get).unwrap_or(true) {
        return;
    }
    let place = PanicPlace::new(core, panic);
    let scope = Scope::current();
    let is_caught = scope.as_ref().is_some_and(|scope| scope.catches_panics);
    if is_caught && cfg!(panic = "unwind") {
        let _ = LAST.try_with(|last| last.replace(Some(place)));
        return;
    }
    let core = scope
        .as_ref()
        .and_then(|scope| scope.core.clone())
        .unwrap_or_else(|| Arc::clone(core));
    let (done, told) = mpsc::sync_channel(1);
    let telling = thread::Builder::new()
        .name("monitor-layer panic".to_owned())
        .spawn(move || {
            let _ = TELLS.try_with(|tells| tells.set(true));
            tell(&core, scope, place);
            core.errors.wait_until_sent(DEADLINE);
            #[cfg(all(feature = "alerts", panic = "abort"))]
            core.alerts.flush(DEADLINE);
            let _ = done.send(());
        });
    if telling.is_ok() {
        let _ = told.recv_timeout(DEADLINE);
    }
}

fn tell(core: &Arc<Core>, scope: Option<Scope>, place: PanicPlace) {
    let message = place.message.clone();
    let _ = LAST.try_with(|last| last.replace(Some(place)));
    let scope = scope.unwrap_or_else(|| {
        let context = TraceContext::root(&core.sampler);
        Scope::new(context, Some(Arc::clone(core)))
    });
    let unit = scope.unit.clone();
    current::enter(&mut Some(scope.boxed()), || {
        let said = Said {
            level: Some(ErrorLevel::Fatal),
            ..Said::default()
        };
        let failure = Failure::panicked(core, &message);
        core.errors
            .note(core, Origin::Told(Teller::Hook), failure, said);
    });
    // Nothing else ends it.
    if let Some(unit) = unit
        && cfg!(panic = "abort")
    {
        core.errors.unit_ended(core, &unit, false);
    }
}
