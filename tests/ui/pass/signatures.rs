//! Functions of many shapes, each of which compiles without the attribute too.

#![deny(warnings)]
#![allow(dead_code)]

use std::{error::Error, fmt::Display, future::Future};

use monitor_layer::instrument_step;

#[instrument_step]
async fn unit() {}

#[instrument_step]
pub(crate) async fn generic<T: Display + Clone, const N: usize>(values: [T; N]) -> Result<String, std::fmt::Error>
where
    T: Send,
{
    Ok(values.map(|value| value.to_string()).concat())
}

#[instrument_step]
async fn lifetimes<'a>(first: &'a str, _second: &str) -> Result<&'a str, Box<dyn Error + Send + Sync>> {
    Ok(first)
}

#[instrument_step]
async fn question_marks(text: &str) -> Result<u32, Box<dyn Error + Send + Sync>> {
    if text.is_empty() {
        return Err("empty".into());
    }
    let number: u32 = text.parse()?;
    Ok(number)
}

#[instrument_step]
async fn coerced(early: bool) -> Box<dyn Display> {
    if early {
        return Box::new(1);
    }
    Box::new("text")
}

#[instrument_step]
async fn inferred() -> Result<Vec<u8>, std::num::ParseIntError> {
    ["1", "2"].into_iter().map(str::parse).collect()
}

#[instrument_step]
fn returns_impl(values: &[u8]) -> impl Iterator<Item = u8> + '_ {
    values.iter().copied()
}

#[instrument_step]
async fn returns_result_of_impl() -> Result<impl Display, std::io::Error> {
    Ok(7)
}

#[instrument_step]
fn takes_impl(values: impl IntoIterator<Item = u8>, mut sum: u32, (a, b): (u32, u32)) -> u32 {
    for value in values {
        sum += u32::from(value);
    }
    sum + a + b
}

#[instrument_step]
async fn recursive(depth: u32) -> u32 {
    match depth {
        0 => 0,
        depth => Box::pin(recursive(depth - 1)).await + 1,
    }
}

#[instrument_step]
fn boxed_future<'a>(text: &'a str) -> std::pin::Pin<Box<dyn Future<Output = Result<u32, Box<dyn Error>>> + Send + 'a>> {
    if text.is_empty() {
        return Box::pin(async { Ok(0) });
    }
    Box::pin(async move { Err(Box::<dyn Error>::from(text.to_owned())) })
}

#[derive(Debug)]
struct Borrowing<'a>(&'a str);

impl Display for Borrowing<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for Borrowing<'_> {}

#[instrument_step]
fn borrowing_error<'a>(text: &'a str) -> Result<u8, Borrowing<'a>> {
    Err(Borrowing(text))
}

#[instrument_step]
async fn borrowing_error_elided(text: &str) -> Result<&str, Borrowing<'_>> {
    Err(Borrowing(text))
}

#[instrument_step]
fn generic_error<E: Error>(error: E) -> Result<u8, E> {
    Err(error)
}

#[instrument_step]
async fn generic_static_error<E>(error: E) -> Result<u8, E>
where
    E: Error + 'static,
{
    Err(error)
}

#[instrument_step]
fn makes_a_future() -> impl Future<Output = u8> {
    async { 1 }
}

#[instrument_step(name = "own names")]
async fn own_names() -> Result<u32, ()> {
    let (returned, site, span, result, look) = (1, 2, 3, 4, 5);
    const SITE: u32 = 6;
    Ok(returned + site + span + result + look + SITE)
}

#[instrument_step]
#[must_use]
/// With its attributes and docs.
pub async fn documented() -> u8 {
    #![allow(unused_variables)]
    let unused = 1;
    2
}

#[instrument_step]
async fn r#async() {}

#[instrument_step]
async fn array_of_impl() -> [impl Display; 2] {
    [1, 2]
}

macro_rules! step {
    ($name:ident $body:block) => {
        #[instrument_step]
        async fn $name() -> u8 $body
    };
}

step!(from_a_macro { 7 });

#[instrument_step]
async fn local_error() -> Result<(), Box<dyn Error>> {
    Err("local".into())
}

#[instrument_step]
async fn never_async() -> ! {
    std::future::pending::<()>().await;
    std::process::exit(0)
}

#[instrument_step]
fn never() -> ! {
    std::process::exit(0)
}

fn main() {}
