//! What is an error by a lint.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn overflow() -> u8 {
    255 + 1
}
#[instrument_step]
pub async fn overflow_async() -> u8 {
    255 + 1
}
#[instrument_step]
pub fn shift() -> u8 {
    1 << 9
}
