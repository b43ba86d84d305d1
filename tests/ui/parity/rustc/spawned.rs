//! Futures that a task cannot have: not `Send`, or of a borrow.

use monitor_layer::instrument_step;

#[instrument_step]
pub async fn local(x: std::rc::Rc<u8>) -> u8 {
    std::future::ready(()).await;
    *x
}
#[instrument_step]
pub async fn held() -> u8 {
    let x = std::cell::RefCell::new(1);
    let y = x.borrow();
    std::future::ready(()).await;
    *y
}
#[instrument_step]
pub async fn borrowed(x: &str) -> usize {
    x.len()
}
pub fn spawns() {
    tokio::spawn(local(std::rc::Rc::new(1)));
}
pub fn spawns_held() {
    tokio::spawn(held());
}
pub fn spawns_borrowed() {
    let x = String::new();
    tokio::spawn(borrowed(&x));
}
#[instrument_step]
pub async fn spawns_in_step() {
    tokio::spawn(local(std::rc::Rc::new(1)));
}
#[instrument_step]
pub async fn spawns_block() {
    let x = std::rc::Rc::new(1);
    tokio::spawn(async move { x.len() });
}
