//! Parameters of each form.

#![deny(warnings)]
#![allow(dead_code)]

use monitor_layer::instrument_step;

pub struct Named {
    x: u8,
    y: u8,
}
pub struct Pair(u8, u8);

#[instrument_step]
fn mutable(mut all: Vec<u8>, mut number: u8) -> Vec<u8> {
    number += 1;
    all.push(number);
    all
}
// tracing 1167
#[instrument_step]
async fn async_mutable(mut all: Vec<u8>, mut number: u8) -> Result<Vec<u8>, String> {
    number += 1;
    all.push(number);
    Ok(all)
}
#[instrument_step]
fn tuple((a, b): (u8, u8)) -> u8 {
    a + b
}
#[instrument_step]
async fn async_tuple((a, mut b): (u8, u8)) -> u8 {
    b += 1;
    a + b
}
#[instrument_step]
fn structs(Named { x, y }: Named, Pair(a, _): Pair) -> u8 {
    x + y + a
}
#[instrument_step]
async fn async_structs(Named { x, .. }: Named, Pair(a, b): &Pair) -> u8 {
    x + a + b
}
#[instrument_step]
fn references(&a: &u8, &mut b: &mut u8, ref c: u8) -> u8 {
    a + b + c
}
#[instrument_step]
async fn async_references(&a: &u8, &mut b: &mut u8, ref c: String) -> u8 {
    a + b + c.len() as u8
}
#[instrument_step]
fn bindings(all @ Pair(..): Pair, [a, b]: [u8; 2]) -> u8 {
    all.0 + a + b
}
#[instrument_step]
async fn async_bindings(all @ Pair(..): Pair, [a, b]: [u8; 2]) -> u8 {
    all.0 + a + b
}
#[instrument_step]
fn nameless(_: u8, _: String, _unused: u8) -> u8 {
    1
}
#[instrument_step]
async fn async_nameless(_: u8, _: String, _unused: u8) -> u8 {
    1
}
#[instrument_step]
fn conditional(
    #[cfg(any())] _gone: Missing,
    #[cfg(all())] kept: u8,
    #[allow(unused_variables)] unused: u8,
) -> u8 {
    kept
}
#[instrument_step]
async fn async_conditional(
    #[cfg(any())] _gone: Missing,
    #[cfg(all())] kept: u8,
    #[allow(unused_variables)] unused: u8,
) -> u8 {
    kept
}
#[instrument_step]
fn functions(f: impl Fn(u8) -> u8, g: &dyn Fn(u8) -> u8, h: fn(u8) -> u8) -> u8 {
    f(1) + g(1) + h(1)
}
#[instrument_step]
async fn async_functions(f: impl AsyncFn(u8) -> u8, g: impl for<'a> Fn(&'a str) -> &'a str) -> u8 {
    f(g("").len() as u8).await
}
#[instrument_step]
fn raw(r#type: *const u8) -> *const u8 {
    r#type
}
#[instrument_step]
fn r#match(r#fn: u8) -> u8 {
    r#fn
}
#[instrument_step]
async fn many(
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: &str,
    f: &[u8],
    g: Option<u8>,
    h: (),
    i: char,
    j: bool,
) -> bool {
    let _ = (a, b, c, d, e, f, g, h, i);
    j
}

fn main() {}
