//! A parameter that comes to borrow what lives shorter than the arguments.

#![deny(warnings)]
#![allow(dead_code)]

use monitor_layer::instrument_step;

// tracing 2717
#[instrument_step]
async fn reassigned(mut text: &str) -> usize {
    let local = String::new();
    let before = text.len();
    text = &local;
    before + text.len()
}

#[instrument_step]
async fn pushed(mut texts: Vec<&str>) -> usize {
    let local = String::new();
    texts.push(&local);
    texts.len()
}

fn main() {}
