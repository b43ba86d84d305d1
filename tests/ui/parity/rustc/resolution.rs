//! Names that are not there.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn unknown() {
    nothing();
}
#[instrument_step]
pub async fn unknown_async() {
    nothing();
}
#[instrument_step]
pub fn unknown_type(x: Nothing) -> Nothing {
    x
}
#[instrument_step]
pub async fn unknown_type_async(x: Nothing) -> Nothing {
    x
}
#[instrument_step]
pub fn dup(x: u8, x: u8) {}
#[instrument_step]
pub fn no_self() {
    self.x
}
#[instrument_step]
pub fn missing_lt(x: &str, y: &str) -> &str {
    x
}
#[instrument_step]
pub async fn missing_lt_async(x: &str, y: &str) -> &str {
    x
}
#[instrument_step]
pub fn no_macro() {
    nothing!();
}
pub trait Render {
    fn frame(&self);
}
