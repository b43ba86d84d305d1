//! `?` and `break` where the function does not take them.
//!
//! The place is the same; the words tell of the closure or the async block that the body is.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn question() -> u32 {
    std::fs::read("x")?;
    7
}
#[instrument_step]
pub async fn question_async() -> u32 {
    std::fs::read("x")?;
    7
}
#[instrument_step]
pub fn question_opt() -> Option<u32> {
    std::fs::read("x")?;
    Some(7)
}
#[instrument_step]
pub fn stops() {
    break;
}
#[instrument_step]
pub async fn async_stops() {
    break;
}
#[instrument_step]
pub fn stops_at_a_label() {
    break 'outer;
}
