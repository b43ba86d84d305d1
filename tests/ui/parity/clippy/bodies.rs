//! What clippy finds in bodies.

#![allow(dead_code, clippy::unused_async, clippy::trivially_copy_pass_by_ref)]

use monitor_layer::instrument_step;

#[instrument_step]
pub fn let_ret(x: u8) -> u8 {
    let y = x;
    y
}
#[instrument_step]
pub async fn let_ret_async(x: u8) -> u8 {
    let y = x;
    y
}
#[instrument_step]
pub async fn lock_await(x: &std::sync::Mutex<u8>) -> u8 {
    let y = x.lock().unwrap();
    std::future::ready(()).await;
    *y
}
#[instrument_step]
pub async fn refcell_await(x: &std::cell::RefCell<u8>) -> u8 {
    let y = x.borrow();
    std::future::ready(()).await;
    *y
}
#[instrument_step]
pub fn underscore(_x: u8) -> u8 {
    _x
}
#[instrument_step]
pub async fn underscore_async(_x: u8) -> u8 {
    _x
}
#[instrument_step]
pub fn shadow(x: u8) -> u8 {
    let x = x + 1;
    x
}
#[instrument_step]
pub async fn shadow_async(x: u8) -> u8 {
    let x = x + 1;
    x
}
#[instrument_step]
pub fn items_after() -> u8 {
    let x = 1;
    fn inner() -> u8 {
        1
    }
    x + inner()
}
#[instrument_step]
pub async fn items_after_async() -> u8 {
    let x = 1;
    fn inner() -> u8 {
        1
    }
    x + inner()
}
#[instrument_step]
pub fn unit_ret() -> () {}
#[instrument_step]
pub fn map(x: Option<u8>) -> Option<u8> {
    match x {
        Some(y) => Some(y + 1),
        None => None,
    }
}
#[instrument_step]
pub async fn map_async(x: Option<u8>) -> Option<u8> {
    match x {
        Some(y) => Some(y + 1),
        None => None,
    }
}
#[instrument_step]
pub fn question(x: Option<u8>) -> Option<u8> {
    if x.is_none() {
        return None;
    }
    x
}
#[instrument_step]
pub async fn question_async(x: Option<u8>) -> Option<u8> {
    if x.is_none() {
        return None;
    }
    x
}
#[instrument_step]
pub async fn question_q(x: Result<u8, String>) -> Result<u8, String> {
    Ok(x?)
}
#[instrument_step]
pub fn question_q_sync(x: Result<u8, String>) -> Result<u8, String> {
    Ok(x?)
}
#[instrument_step]
pub async fn cognitive(x: u8) -> u8 {
    if x > 1 {
        if x > 2 { if x > 3 { 1 } else { 2 } } else { 3 }
    } else {
        4
    }
}
#[instrument_step]
pub fn float(x: f32) -> bool {
    x == 1.0
}
#[instrument_step]
pub fn cast(x: u64) -> u8 {
    x as u8
}
#[instrument_step]
pub async fn cast_async(x: u64) -> u8 {
    x as u8
}
#[instrument_step]
pub fn semi() {
    println!("x")
}
#[instrument_step]
pub async fn semi_async() {
    println!("x")
}
// tracing 1613, 2410: no `else` is seen where a comment says the word, in a nested step neither.
#[instrument_step]
pub async fn comment() {
    // else
}
#[instrument_step]
pub fn nested() {
    #[instrument_step]
    fn inner() {
        // else
    }
    #[instrument_step]
    async fn async_inner() {
        // else
    }
    inner();
    drop(async_inner());
}
// tracing 843, 1093: a unit that is passed on.
#[instrument_step]
pub async fn unit() -> std::io::Result<()> {
    Ok(())
}
