//! A body that is no Rust.

use monitor_layer::instrument_step;

#[instrument_step] pub fn a() { let = 1; }
#[instrument_step] pub fn b() { vec![1 2]; println!("{}"); }
