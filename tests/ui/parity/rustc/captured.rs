//! What is assigned and never read, and functions that only call themselves.
//!
//! The body is a closure or an async block of its own: rustc tells of a parameter that it was captured, and does not
//! look through a closure for the function's call of itself.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn assigned(mut x: u8) {
    x = 1;
}
#[instrument_step]
pub async fn assigned_async(mut x: u8) {
    x = 1;
}
#[instrument_step]
pub fn assigned_local() -> u8 {
    let mut x = 1;
    x = 2;
    x
}
#[instrument_step]
pub async fn assigned_local_async() -> u8 {
    let mut x = 1;
    x = 2;
    x
}
#[instrument_step]
pub fn uncond() {
    uncond()
}
#[instrument_step]
pub fn uncond2(x: u8) -> u8 {
    uncond2(x) + 1
}
