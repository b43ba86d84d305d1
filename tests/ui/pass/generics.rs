//! Lifetimes, bounds, constants, higher ranks.

#![deny(warnings)]
#![allow(dead_code)]

use std::fmt::Debug;

use monitor_layer::instrument_step;

#[instrument_step]
fn constants<const N: usize, const B: bool, T: Copy + Default>(all: [T; N]) -> [T; N] {
    if B { all } else { [T::default(); N] }
}
#[instrument_step]
async fn async_constants<const N: usize, T: Copy>(all: [T; N]) -> [T; N] {
    all
}
#[instrument_step]
#[allow(unused_braces)]
fn expressions<const N: usize>() -> [u8; { 2 * 2 + 1 }] {
    [N as u8; { 2 * 2 + 1 }]
}
#[instrument_step]
fn outlives<'a, 'b: 'a>(a: &'a [u8], b: &'b [u8]) -> &'a [u8] {
    if a.is_empty() { b } else { a }
}
#[instrument_step]
async fn async_outlives<'a, 'b: 'a>(a: &'a [u8], b: &'b [u8]) -> &'a [u8] {
    if a.is_empty() { b } else { a }
}
#[instrument_step]
async fn elided(a: &str, b: &str) -> usize {
    a.len() + b.len()
}
#[instrument_step]
fn elided_objects(value: &dyn Debug) -> &dyn Debug {
    value
}
#[instrument_step]
fn elided_box(value: &str) -> Box<dyn Debug + '_> {
    Box::new(value)
}
#[instrument_step]
async fn async_elided_box(value: &str) -> Box<dyn Debug + '_> {
    Box::new(value)
}
#[instrument_step]
fn higher_ranked<F>(f: F) -> usize
where
    F: for<'a> Fn(&'a str) -> &'a str,
{
    f("a").len()
}
#[instrument_step]
async fn async_higher_ranked<F>(f: F) -> usize
where
    F: for<'a> Fn(&'a str) -> &'a str,
{
    f("a").len()
}
#[instrument_step]
fn higher_ranked_object(f: &dyn for<'a> Fn(&'a str) -> &'a str) -> usize {
    f("a").len()
}
#[instrument_step]
fn returned_function() -> fn(u8) -> u8 {
    |number| number
}
#[instrument_step]
fn returned_higher_ranked() -> for<'a> fn(&'a str) -> &'a str {
    |text| text
}
#[instrument_step]
async fn async_returned_function() -> fn(&str) -> &str {
    |text| text
}
#[instrument_step]
fn returned_closure<'a>(known: &'a str) -> Box<dyn for<'b> Fn(&'b str) -> bool + 'a> {
    Box::new(move |text| text == known)
}
#[instrument_step]
fn whole<R>(value: R) -> R {
    value
}
#[instrument_step]
async fn async_whole<R>(value: R) -> R {
    value
}
#[instrument_step]
fn optional<T>(value: &Option<T>) -> Option<&T> {
    value.as_ref()
}
#[instrument_step]
fn statics<T: Debug + 'static>(value: T) -> Box<dyn Debug> {
    Box::new(value)
}
#[instrument_step]
fn unsized_value<T: ?Sized + Debug>(value: &T) -> String {
    format!("{value:?}")
}

pub struct Hold<'a, T, const N: usize>(&'a [T; N]);

impl<'a, T: Clone, const N: usize> Hold<'a, T, N>
where
    T: Debug,
{
    #[instrument_step]
    fn first(&self) -> Option<&'a T> {
        self.0.first()
    }
    #[instrument_step]
    async fn async_first(&self) -> Option<&'a T> {
        self.0.first()
    }
    #[instrument_step]
    fn replace<'b>(self, other: &'b [T; N]) -> Hold<'b, T, N>
    where
        'b: 'a,
    {
        Hold(other)
    }
    #[instrument_step]
    async fn mapped<U>(&self, f: impl Fn(&T) -> U) -> Vec<U> {
        self.0.iter().map(f).collect()
    }
}

fn main() {}
