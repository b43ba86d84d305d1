//! What clippy only says of functions whose whole body it has seen written.
//!
//! The body is wrapped: that it awaits nothing, takes what it need not, or could be an `async fn` is not told of it.

#![allow(dead_code, clippy::trivially_copy_pass_by_ref)]

use monitor_layer::instrument_step;

#[instrument_step]
pub fn ret(x: u8) -> u8 {
    return x;
}
#[instrument_step]
pub async fn ret_async(x: u8) -> u8 {
    return x;
}
#[instrument_step]
pub fn by_value(x: String) -> usize {
    x.len()
}
#[instrument_step]
pub async fn by_value_async(x: String) -> usize {
    x.len()
}
#[instrument_step]
pub async fn no_await() -> u8 {
    1
}
#[instrument_step]
pub fn lifetimes<'a>(x: &'a u8) -> &'a u8 {
    x
}
#[instrument_step]
pub async fn lifetimes_async<'a>(x: &'a u8) -> &'a u8 {
    x
}
#[instrument_step]
pub fn manual_async() -> impl Future<Output = u8> {
    async { 1 }
}
#[instrument_step]
pub fn manual_async2<'a>(x: &'a u8) -> impl Future<Output = u8> + 'a {
    async move { *x }
}
#[instrument_step]
pub fn large_err() -> Result<u8, [u8; 200]> {
    Ok(1)
}
#[instrument_step]
pub async fn large_err_async() -> Result<u8, [u8; 200]> {
    Ok(1)
}
