//! Futures of another output, and what is no future.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn not_future() -> impl Future<Output = u8> {
    7
}
#[instrument_step]
pub fn wrong_future() -> impl Future<Output = u8> {
    async { "x" }
}
