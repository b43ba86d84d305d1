//! A future that is declared to borrow nothing of the arguments.

#![deny(warnings)]
#![allow(dead_code)]

use monitor_layer::instrument_step;

#[instrument_step]
fn capturing_nothing(text: &str) -> impl Future<Output = usize> + use<> {
    let length = text.len();
    async move { length }
}

fn main() {}
