//! `await` in a function that is not async.

use monitor_layer::instrument_step;

#[instrument_step] pub fn waits() { std::future::ready(1).await; }
#[instrument_step] pub fn waits_in_a_closure() { let f = || std::future::ready(1).await; f() }
