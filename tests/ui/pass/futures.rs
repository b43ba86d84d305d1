//! Functions that return futures: what they return is the step.

#![deny(warnings)]
#![allow(dead_code)]

use std::{future::ready, pin::Pin};

use futures_util::future::{BoxFuture, LocalBoxFuture};
use monitor_layer::instrument_step;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

#[instrument_step]
fn unnamed() -> impl Future<Output = u8> {
    async { 1 }
}
#[instrument_step]
fn without_output() -> impl Future {
    async { 1 }
}
#[instrument_step]
fn borrowing(text: &str) -> impl Future<Output = Result<usize, &str>> {
    async move { Ok(text.len()) }
}
#[instrument_step]
fn precise<'a>(text: &'a str, _: &str) -> impl Future<Output = &'a str> + use<'a> {
    async move { text }
}
#[instrument_step]
fn bounds_first(text: &str) -> impl Send + Future<Output: Send> {
    let length = text.len();
    async move { length }
}
#[instrument_step]
fn of_impl() -> impl Future<Output = Result<impl ToString, std::io::Error>> + Send {
    async { Ok(1) }
}
#[instrument_step]
fn into_future() -> impl IntoFuture<Output = u8> {
    async { 1 }
}
#[instrument_step]
fn boxed(text: &str) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
    Box::pin(async move { text.len() })
}
// tracing 1296: what comes before the future runs, once, and each way out is boxed alike.
#[instrument_step]
fn prepares(number: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    let next = number + 1;
    if next == 7 {
        return Box::pin(ready(1));
    }
    Box::pin(async move { next })
}
#[instrument_step]
fn named_box<'a>(text: &'a str) -> BoxFuture<'a, Result<usize, String>> {
    Box::pin(async move { Ok(text.len()) })
}
#[instrument_step]
fn local_box<'a>(text: &'a str) -> LocalBoxFuture<'a, Result<usize, String>> {
    Box::pin(async move { Ok(text.len()) })
}
#[instrument_step]
fn aliased(text: &str) -> Boxed<'_, usize> {
    Box::pin(async move { Ok(text.len()) })
}
#[instrument_step]
fn early(text: &str) -> impl Future<Output = u8> {
    assert!(!text.is_empty());
    if text == "a" {
        unreachable!()
    }
    ready(1)
}
#[instrument_step]
fn several() -> Vec<impl Future<Output = u8>> {
    vec![ready(1)]
}
#[instrument_step]
fn perhaps() -> Option<Pin<Box<dyn Future<Output = u8>>>> {
    Some(Box::pin(ready(1)))
}

pub struct Scene(u8);

impl Scene {
    #[instrument_step]
    fn boxed(&self) -> Pin<Box<dyn Future<Output = u8> + Send + '_>> {
        Box::pin(async move { self.0 })
    }
    #[instrument_step]
    fn unnamed(&self) -> impl Future<Output = u8> {
        async move { self.0 }
    }
    #[instrument_step]
    fn mutable(&mut self) -> impl Future<Output = &mut u8> {
        async move { &mut self.0 }
    }
}

// autometrics 155: as a task, which needs it to be Send and 'static.
fn spawn(_: impl Future<Output: Send> + Send + 'static) {}

fn spawned() {
    spawn(unnamed());
    spawn(prepares(1));
    spawn(boxed(""));
}

fn main() {}
