//! Steps that call steps, ten deep: neither the length of a type nor the depth of a proof runs into a limit.

#![deny(warnings)]
#![allow(dead_code)]

use monitor_layer::instrument_step;

// tracing 616
#[instrument_step]
async fn step_0() -> Result<usize, String> {
    Ok(0)
}

#[instrument_step]
async fn step_1() -> Result<usize, String> {
    step_0().await
}

#[instrument_step]
async fn step_2() -> Result<usize, String> {
    step_1().await
}

#[instrument_step]
async fn step_3() -> Result<usize, String> {
    step_2().await
}

#[instrument_step]
async fn step_4() -> Result<usize, String> {
    step_3().await
}

#[instrument_step]
async fn step_5() -> Result<usize, String> {
    step_4().await
}

#[instrument_step]
async fn step_6() -> Result<usize, String> {
    step_5().await
}

#[instrument_step]
async fn step_7() -> Result<usize, String> {
    step_6().await
}

#[instrument_step]
async fn step_8() -> Result<usize, String> {
    step_7().await
}

#[instrument_step]
async fn step_9() -> Result<usize, String> {
    step_8().await
}

fn is_send(_: impl Send) {}

fn main() {
    is_send(step_9());
}
