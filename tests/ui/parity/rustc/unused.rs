//! What is not used: parameters, variables, imports, labels, results, parentheses, documentation.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn unused(x: u8, (a, b): (u8, u8)) {}
#[instrument_step]
pub async fn unused_async(x: u8, (a, b): (u8, u8)) {}
#[instrument_step]
pub fn unused_mut(mut x: Vec<u8>) -> usize {
    let mut y = 1;
    x.len() + y
}
#[instrument_step]
pub async fn unused_mut_async(mut x: Vec<u8>) -> usize {
    let mut y = 1;
    x.len() + y
}
#[instrument_step]
pub fn parens(x: u8) -> u8 {
    if (x > 1) {
        return (x);
    }
    (x)
}
#[instrument_step]
pub async fn parens_async(x: u8) -> u8 {
    if (x > 1) {
        return (x);
    }
    (x)
}
#[instrument_step]
pub fn braces() -> u8 {
    { 1 }
}
#[instrument_step]
pub async fn braces_async() -> u8 {
    { 1 }
}
#[instrument_step]
pub fn ty_parens() -> (u8) {
    1
}
#[instrument_step]
pub async fn ty_parens_async() -> (u8) {
    1
}
#[instrument_step]
pub fn unused_unsafe() -> u8 {
    unsafe { 1 }
}
#[instrument_step]
pub async fn unused_unsafe_async() -> u8 {
    unsafe { 1 }
}
#[instrument_step]
pub fn imports() {
    use std::collections::HashMap;
}
#[instrument_step]
pub async fn imports_async() {
    use std::collections::HashMap;
    fn inner_dead() {}
    const UNUSED: u8 = 1;
}
#[instrument_step]
pub fn labels() {
    'unused: loop {
        break;
    }
}
#[instrument_step]
pub async fn labels_async() {
    'unused: loop {
        break;
    }
}
#[instrument_step]
pub fn extra_semi() {
    let x = 1;
    drop(x);
}
#[instrument_step]
pub async fn extra_semi_async() {
    let x = 1;
    drop(x);
}
#[instrument_step]
pub fn cmp(x: u8) -> bool {
    x >= 0
}
#[instrument_step]
pub async fn cmp_async(x: u8) -> bool {
    x >= 0
}
#[instrument_step]
pub fn path() -> bool {
    let x: Option<u8> = None;
    x == None;
    true
}
#[instrument_step]
pub fn no_effect() {
    1 + 1;
}
#[instrument_step]
pub async fn no_effect_async() {
    1 + 1;
}
#[must_use]
fn important() -> u8 {
    1
}
#[instrument_step]
#[must_use]
pub fn important_step() -> u8 {
    1
}
#[instrument_step]
#[must_use]
pub async fn important_async_step() -> u8 {
    1
}
#[instrument_step]
pub fn fallible() -> Result<u8, String> {
    Ok(1)
}
#[instrument_step]
pub async fn async_fallible() -> Result<u8, String> {
    Ok(1)
}
#[instrument_step]
pub fn boxed() -> std::pin::Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async { 1 })
}
#[instrument_step]
pub fn ignores() {
    important();
    important_step();
    fallible();
    async_fallible();
    boxed();
    async { 1 };
}
#[instrument_step]
pub async fn async_ignores() {
    important();
    important_step();
    fallible();
    async_fallible();
    async_fallible().await;
    important_async_step().await;
    important_async_step();
}
#[instrument_step]
pub fn documented() {
    /// Documents nothing.
    let one = 1;
    let _ = one;
}
#[instrument_step]
pub async fn async_documented() {
    /// Documents nothing.
    let one = 1;
    let _ = one;
}
pub trait Render {
    #[instrument_step]
    fn unused_in_a_trait(&self, scene: u8) {}
    #[instrument_step]
    async fn in_a_trait(&self, scene: u8) {}
}
