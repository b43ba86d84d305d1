//! What rustc warns of in signatures and bodies.

use monitor_layer::instrument_step;

#[instrument_step]
pub unsafe fn missing_unsafe(x: *const u8) -> u8 {
    *x
}
#[instrument_step]
pub async unsafe fn missing_unsafe_async(x: *const u8) -> u8 {
    *x
}
#[instrument_step]
pub fn naming(camelCase: u8) -> u8 {
    camelCase
}
#[instrument_step]
pub fn camelFn() {}
#[instrument_step]
pub async fn camelFnAsync(camelCase: u8) {
    let otherCase = 1;
    drop(camelCase + otherCase)
}
#[instrument_step]
pub fn deprecated_use() {
    dep()
}
#[instrument_step]
pub async fn deprecated_use_async() {
    dep()
}
#[instrument_step]
pub fn elided(x: &std::cell::RefCell<u8>) -> std::cell::Ref<u8> {
    x.borrow()
}
#[instrument_step]
pub async fn elided_async(x: &std::cell::RefCell<u8>) -> std::cell::Ref<u8> {
    x.borrow()
}
#[instrument_step]
pub fn single_use<'a>(x: &'a u8) -> u8 {
    *x
}
#[instrument_step]
pub async fn single_use_async<'a>(x: &'a u8) -> u8 {
    *x
}
#[instrument_step]
pub fn index() -> u8 {
    [1, 2][5]
}
#[instrument_step]
pub async fn index_async() -> u8 {
    [1, 2][5]
}
#[instrument_step]
pub extern "C" fn ffi(x: String) -> String {
    x
}
#[instrument_step]
pub async fn held(x: &std::cell::RefCell<u8>) {
    let y = x.borrow_mut();
    std::future::ready(()).await;
    drop(y)
}
#[deprecated]
fn dep() {}
