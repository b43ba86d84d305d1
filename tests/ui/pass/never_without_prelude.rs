//! Functions that do not return, in a module without the prelude.

#![deny(warnings)]
#![allow(dead_code)]
#![no_implicit_prelude]

use ::monitor_layer::instrument_step;

#[instrument_step]
fn exits() -> ! {
    ::std::process::exit(1)
}
#[instrument_step]
async fn async_exits() -> ! {
    ::std::process::exit(1)
}

fn main() {}
