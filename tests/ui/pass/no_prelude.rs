//! A module without the prelude.

#![deny(warnings)]
#![allow(dead_code)]
#![no_implicit_prelude]

use ::monitor_layer::instrument_step;

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
fn boxed() -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = i32>>> {
    ::std::boxed::Box::pin(async { 1 })
}
#[instrument_step]
fn future() -> impl ::std::future::Future<Output = i32> {
    async { 1 }
}

fn main() {}
