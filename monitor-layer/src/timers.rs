//! Runtimes without timers, where tokio panics at the first one.

use std::{future, panic::catch_unwind, time::Duration};

use tokio::runtime::Handle;

/// The runtime that this runs in, if it has timers.
pub(crate) fn runtime_with_timers() -> Option<Handle> {
    let runtime = Handle::try_current().ok()?;
    let timer = catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO)));
    timer.is_ok().then_some(runtime)
}

/// Never where there are no timers.
pub(crate) async fn elapsed(limit: Duration) {
    match catch_unwind(|| tokio::time::sleep(limit)) {
        Ok(sleep) => sleep.await,
        Err(_) => future::pending().await,
    }
}
