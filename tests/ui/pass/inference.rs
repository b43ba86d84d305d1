//! What a signature tells of types, it tells still: coercions, collections, vague literals.

#![deny(warnings)]
#![allow(dead_code)]

use std::{fmt::Debug, io, pin::Pin};

use monitor_layer::instrument_step;

// autometrics 74
#[instrument_step]
fn collects() -> Vec<usize> {
    (0..10).collect()
}
#[instrument_step]
async fn async_collects() -> Result<Vec<u8>, std::num::ParseIntError> {
    ["1", "2"].into_iter().map(str::parse).collect()
}
// tracing 1056
#[instrument_step]
async fn coerces(early: bool) -> Result<Box<dyn Fn() + Send + Sync>, io::Error> {
    if early {
        return Ok(Box::new(|| {}));
    }
    Ok(Box::new(|| ()))
}
#[instrument_step]
fn sync_coerces(early: bool) -> Result<Box<dyn Fn() + Send + Sync>, io::Error> {
    if early {
        return Ok(Box::new(|| {}));
    }
    Ok(Box::new(|| ()))
}
type Later = Pin<Box<dyn Future<Output = Result<u32, Outer>> + Send>>;
struct Inner;
struct Outer(Inner);
// fastrace 130
#[instrument_step]
async fn coerces_a_future() -> Result<Later, Outer> {
    let inner = async { Err(Inner) };
    let mapped = async move { inner.await.map_err(Outer) };
    Ok(Box::pin(mapped))
}
#[instrument_step]
async fn optional() -> Option<Box<dyn Debug>> {
    Some(Box::new(1))
}
#[instrument_step]
async fn vague(early: bool) -> u64 {
    let number = 1;
    if early {
        return number;
    }
    number << 40
}
#[instrument_step]
async fn slice(all: &[u8; 4]) -> &[u8] {
    all
}
#[instrument_step]
async fn dereferenced(text: &String) -> &str {
    text
}
#[instrument_step]
async fn reborrowed(number: &mut u8) -> &u8 {
    number
}
#[instrument_step]
async fn sum() -> u32 {
    [1, 2].iter().sum()
}
#[instrument_step]
async fn parsed(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}
#[instrument_step]
async fn converted(text: &str) -> String {
    text.into()
}
#[instrument_step]
async fn default() -> Vec<u8> {
    Default::default()
}
#[instrument_step]
async fn function() -> fn() -> u8 {
    fn one() -> u8 {
        1
    }
    one
}
#[instrument_step]
async fn question(text: &str) -> Result<u32, Box<dyn std::error::Error>> {
    if text.is_empty() {
        Err("empty")?;
    }
    Ok(text.parse()?)
}

fn main() {}
