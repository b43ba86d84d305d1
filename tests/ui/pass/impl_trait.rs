//! `impl Trait` wherever it may stand.

#![deny(warnings)]
#![allow(dead_code)]

use std::{
    fmt::{Debug, Display},
    io,
};

use monitor_layer::instrument_step;

#[instrument_step]
fn argument(all: impl IntoIterator<Item = u8>) -> u8 {
    all.into_iter().sum()
}
#[instrument_step]
async fn async_argument(all: impl IntoIterator<Item = u8>) -> u8 {
    all.into_iter().sum()
}
#[instrument_step]
fn nested_argument(all: &[impl Display], f: impl Fn(&str) -> Box<dyn Debug>) -> String {
    format!("{:?}{}", f("a"), all[0])
}
// tracing 1615: what is returned holds a closure.
#[instrument_step]
fn closure() -> impl Fn(u8) -> u8 {
    |number| number + 1
}
#[instrument_step]
async fn async_closure() -> impl Fn(u8) -> u8 {
    |number| number + 1
}
#[instrument_step]
async fn async_iterator(all: Vec<u8>) -> Result<impl Iterator<Item = u8>, io::Error> {
    Ok(all.into_iter().map(|number| number + 1))
}
#[instrument_step]
async fn async_pair() -> (impl Fn(u8) -> u8, impl Iterator<Item = u8>) {
    (|number| number, Some(1).into_iter())
}
// autometrics 121
#[instrument_step]
fn in_result() -> Result<impl ToString, io::Error> {
    Ok("a")
}
#[instrument_step]
async fn async_in_result() -> Result<impl ToString, io::Error> {
    Ok("a")
}
#[instrument_step]
fn deep() -> Result<Vec<Option<impl ToString>>, impl std::error::Error> {
    Ok::<_, io::Error>(vec![Some("a")])
}
#[instrument_step]
fn with_lifetime<'a>(text: &'a str) -> impl Debug + 'a {
    text
}
#[instrument_step]
fn precise<'a>(text: &'a str, _: &str) -> impl Debug + use<'a> {
    text
}
#[instrument_step]
fn higher_ranked<'a>(known: &'a str) -> impl for<'b> Fn(&'b str) -> bool + 'a {
    move |text: &str| text == known
}
#[instrument_step]
async fn async_higher_ranked<'a>(known: &'a str) -> impl for<'b> Fn(&'b str) -> bool + 'a {
    move |text: &str| text == known
}
#[instrument_step]
fn array() -> [impl Display; 2] {
    [1, 2]
}

fn main() {}
