//! Items whose names the expansion might use for its own.

#![deny(warnings)]
#![allow(dead_code)]
#![allow(non_camel_case_types, non_upper_case_globals)]

use monitor_layer::instrument_step;

struct returned;
struct output;
struct result;
struct value;
struct error;
const body: u8 = 1;
const argument: u8 = 1;
static future: u8 = 1;

#[instrument_step]
fn sync() -> u8 {
    body + argument + future
}
#[instrument_step]
async fn later() -> u8 {
    body
}
#[instrument_step]
fn fallible() -> Result<u8, String> {
    Ok(body)
}
#[instrument_step]
fn never() -> ! {
    panic!("always")
}
#[instrument_step]
async fn async_never() -> ! {
    panic!("always")
}

fn main() {}
