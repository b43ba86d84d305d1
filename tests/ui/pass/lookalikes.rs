//! Types that are only named like a future or a result.

#![deny(warnings)]
#![allow(dead_code)]

use std::marker::PhantomData;

use monitor_layer::instrument_step;

struct Pin<T>(T);
struct Box<T: ?Sized>(PhantomData<T>);
struct BoxFuture<T>(T);
struct Result<A, B>(A, B);
struct Held<'a>(&'a str);
trait Future {
    type Output;
}

#[instrument_step]
fn pinned() -> Pin<Box<dyn Future<Output = u8>>> {
    Pin(Box(PhantomData))
}
#[instrument_step]
fn box_future() -> BoxFuture<u8> {
    BoxFuture(1)
}
#[instrument_step]
fn result<'a>(text: &'a str) -> Result<u8, Held<'a>> {
    Result(1, Held(text))
}
#[instrument_step]
async fn async_result(text: &str) -> Result<u8, Held<'_>> {
    Result(1, Held(text))
}

fn main() {}
