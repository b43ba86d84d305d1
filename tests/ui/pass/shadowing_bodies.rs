//! Bodies in which a name of the signature means something else.

#![deny(warnings)]
#![allow(dead_code)]
#![allow(unused_imports)]

use monitor_layer::instrument_step;

type Shape = ();
enum Shapes {
    Shape,
}

// tracing 3306
#[instrument_step]
async fn glob() -> Shape {
    use Shapes::*;
}
#[instrument_step]
fn sync_glob() -> Shape {
    use Shapes::*;
}
#[instrument_step]
async fn items() -> Result<u8, String> {
    struct Result;
    struct String;
    Ok(1)
}
#[instrument_step]
fn sync_items() -> Result<u8, String> {
    struct Result;
    struct String;
    Ok(1)
}
#[instrument_step]
async fn parameter<T: Default>() -> T {
    struct T;
    Default::default()
}
#[instrument_step]
fn sync_parameter<T: Default>() -> T {
    struct T;
    Default::default()
}

fn main() {}
