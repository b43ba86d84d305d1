//! Returned types that cannot be.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn text() -> str {
    loop {}
}
#[instrument_step]
pub async fn async_text() -> str {
    loop {}
}
#[instrument_step]
pub fn generic() -> Vec<u8, u8, u8> {
    loop {}
}
#[instrument_step]
pub async fn async_generic() -> Vec<u8, u8, u8> {
    loop {}
}
#[instrument_step]
pub fn arguments() -> Result<u8> {
    loop {}
}
