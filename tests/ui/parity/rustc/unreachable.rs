//! Code that is never reached.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn unreachable() -> u8 {
    return 1;
    let x = 2;
    x
}
#[instrument_step]
pub async fn unreachable_async() -> u8 {
    return 1;
    let x = 2;
    x
}
#[instrument_step]
pub fn unreach2() {
    panic!("x");
    drop(1);
}
#[instrument_step]
pub async fn unreach2_async() {
    panic!("x");
    drop(1);
}
#[instrument_step]
pub fn unreach3() -> u8 {
    loop {}
    1
}
#[instrument_step]
pub async fn unreach3_async() -> u8 {
    loop {}
    1
}
#[instrument_step]
pub fn exits(early: bool) -> u8 {
    if early {
        return std::process::exit(1);
    }
    7
}
