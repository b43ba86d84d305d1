//! Bodies that end without a value.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn missing() -> u32 {}
#[instrument_step]
pub async fn missing_async() -> u32 {}
#[instrument_step]
pub fn semicolon() -> u32 {
    7;
}
#[instrument_step]
pub async fn async_semicolon() -> u32 {
    7;
}
#[instrument_step]
pub async fn without_display() -> impl std::fmt::Display {
    Scene
}
#[instrument_step]
pub fn one_way(early: bool) -> u32 {
    if early {
        return 7;
    }
}
#[instrument_step]
pub async fn async_one_way(early: bool) -> u32 {
    if early {
        return 7;
    }
}
pub struct Scene;
