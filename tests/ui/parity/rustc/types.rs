//! Values of another type than what is declared.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn tail() -> u32 {
    "seven"
}
#[instrument_step]
pub async fn tail_async() -> u32 {
    "seven"
}
#[instrument_step]
pub fn early(x: bool) -> u32 {
    if x {
        return "seven";
    }
    7
}
#[instrument_step]
pub async fn early_async(x: bool) -> u32 {
    if x {
        return "seven";
    }
    7
}
#[instrument_step]
pub fn binding() -> u32 {
    let x: u32 = "seven";
    x
}
#[instrument_step]
pub async fn binding_async() -> u32 {
    let x: u32 = "seven";
    x
}
#[instrument_step]
pub fn not_unit() {
    7
}
#[instrument_step]
pub async fn not_unit_async() {
    7
}
#[instrument_step]
pub fn unwrapped() -> Result<u32, String> {
    7
}
#[instrument_step]
pub async fn unwrapped_async() -> Result<u32, String> {
    7
}
#[instrument_step]
pub fn wrong_err() -> Result<u32, String> {
    Err(1)
}
#[instrument_step]
pub async fn wrong_err_async() -> Result<u32, String> {
    Err(1)
}
#[instrument_step]
pub fn question_from() -> Result<u32, String> {
    std::fs::read("x")?;
    Ok(7)
}
#[instrument_step]
pub async fn question_from_async() -> Result<u32, String> {
    std::fs::read("x")?;
    Ok(7)
}
#[instrument_step]
pub fn infer() {
    let x = Vec::new();
}
#[instrument_step]
pub async fn infer_async() {
    let x = Vec::new();
}
#[instrument_step]
pub fn args() {
    tail(1);
}
#[instrument_step]
pub async fn args_async() {
    tail(1);
}
#[instrument_step]
pub fn needs_unsafe(x: *const u8) -> u8 {
    *x
}
#[instrument_step]
pub async fn needs_unsafe_async(x: *const u8) -> u8 {
    *x
}
#[instrument_step]
pub fn bound2() -> impl std::fmt::Display {
    NoClone
}
#[instrument_step]
pub fn bound3<T>(x: T) -> String {
    x.to_string()
}
#[instrument_step]
pub async fn bound3_async<T>(x: T) -> String {
    x.to_string()
}
#[instrument_step]
pub fn collect() -> Vec<u8> {
    ["a"].into_iter().collect()
}
#[instrument_step]
pub async fn collect_async() -> Vec<u8> {
    ["a"].into_iter().collect()
}
#[instrument_step]
pub fn two_impls(x: bool) -> impl Fn(u8) -> u8 {
    if x { |y: u8| y } else { |y: u8| y + 1 }
}
#[instrument_step]
pub fn wrong_boxed() -> std::pin::Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async { "x" })
}
#[instrument_step]
pub fn not_boxed() -> std::pin::Pin<Box<dyn Future<Output = u8>>> {
    async { 1 }
}
#[instrument_step]
pub fn not_send_boxed() -> std::pin::Pin<Box<dyn Future<Output = u8> + Send>> {
    Box::pin(async {
        let x = std::rc::Rc::new(1);
        std::future::ready(()).await;
        *x
    })
}
#[instrument_step]
pub fn not_send_impl() -> impl Future<Output = u8> + Send {
    async {
        let x = std::rc::Rc::new(1);
        std::future::ready(()).await;
        *x
    }
}
pub struct NoClone;
#[instrument_step]
pub fn bound(value: NoClone) -> NoClone {
    value.clone()
}
#[instrument_step]
pub fn method() {
    1_u8.nothing();
}
#[instrument_step]
pub async fn async_method() {
    1_u8.nothing();
}
