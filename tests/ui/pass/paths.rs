//! The attribute by each of its paths.

#![deny(warnings)]
#![allow(dead_code)]

use monitor_layer as monitoring;

#[monitor_layer::instrument_step]
pub fn by_the_crate() {}

#[::monitor_layer::instrument_step]
pub async fn by_the_global_name() {}

#[monitoring::instrument_step]
pub async fn by_another_name() -> Result<u8, String> {
    Ok(1)
}

mod reexported {
    pub use monitor_layer::instrument_step as step;
}

#[reexported::step]
pub fn reexported() {}

fn main() {}
