//! The user's own names, and names of the language that mean something else here.

#![deny(warnings)]
#![allow(dead_code)]
#![allow(non_camel_case_types, non_upper_case_globals)]

use ::monitor_layer::instrument_step;

mod core {}
mod std {}
mod alloc {}
mod monitor_layer {}
mod tracing {}
struct Result;
struct Ok;
struct Err;
struct Some;
struct None;
struct Box;
struct Option;
struct Future;
struct Pin;
trait Fn {}
trait FnOnce {}
trait Send {}
struct String;
struct u8;
struct bool;
type str = i64;

#[instrument_step]
async fn result() -> ::std::result::Result<i32, ::std::io::Error> {
    ::std::result::Result::Ok(1)
}
#[instrument_step]
fn sync_result() -> ::std::result::Result<i32, ::std::io::Error> {
    ::std::result::Result::Ok(1)
}
#[instrument_step]
async fn unit() {}
#[instrument_step]
fn sync_unit() {}
#[instrument_step]
fn boxed() -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = i32>>> {
    ::std::boxed::Box::pin(async { 1 })
}
#[instrument_step]
fn future() -> impl ::std::future::Future<Output = i32> {
    async { 1 }
}

const SITE: i32 = 1;
static span: i32 = 1;
struct site;
struct look;

#[instrument_step]
async fn constants() -> i32 {
    SITE + span
}
#[instrument_step]
fn sync_constants() -> i32 {
    SITE + span
}
#[instrument_step]
async fn arguments(
    result: i32,
    returned: i32,
    body: i32,
    future: i32,
    __x: i32,
    _self: i32,
) -> i32 {
    result + returned + body + future + __x + _self
}
#[instrument_step]
fn sync_arguments(result: i32, returned: i32, body: i32, future: i32, __x: i32, _self: i32) -> i32 {
    result + returned + body + future + __x + _self
}
#[instrument_step]
fn locals() -> i32 {
    let (returned, result, __x) = (1, 2, 3);
    returned + result + __x
}

fn main() {}
