//! Errors whose type does not tell in the function's own signature how long it lives.

#![deny(warnings)]
#![allow(dead_code)]

use std::{error::Error, fmt};

use monitor_layer::instrument_step;

#[derive(Debug)]
pub struct Borrowing<'a>(&'a str);

impl fmt::Display for Borrowing<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for Borrowing<'_> {}

trait Load {
    type Loaded;
    type Refusal: Error;
    fn load(&self) -> Result<Self::Loaded, Self::Refusal>;
    #[instrument_step]
    fn of_the_trait(&self) -> Result<Self::Loaded, Self::Refusal> {
        self.load()
    }
    #[instrument_step]
    async fn async_of_the_trait(&self) -> Result<Self::Loaded, Self::Refusal> {
        self.load()
    }
}

pub struct Store<E>(E);

impl<E: Error + Clone> Store<E> {
    #[instrument_step]
    fn of_the_block(&self) -> Result<u8, E> {
        Err(self.0.clone())
    }
    #[instrument_step]
    async fn async_of_the_block(&self) -> Result<u8, E> {
        Err(self.0.clone())
    }
}

type Aliased<T, E> = Result<T, E>;
type AliasedBorrowing<'a, T> = Result<T, Borrowing<'a>>;

#[instrument_step]
fn through_an_alias<E: Error>(error: E) -> Aliased<u8, E> {
    Err(error)
}
#[instrument_step]
async fn async_through_an_alias<E: Error>(error: E) -> Aliased<u8, E> {
    Err(error)
}
#[instrument_step]
fn borrowing_through_an_alias<'a>(text: &'a str) -> AliasedBorrowing<'a, u8> {
    Err(Borrowing(text))
}
#[instrument_step]
async fn async_borrowing_through_an_alias(text: &str) -> AliasedBorrowing<'_, u8> {
    Err(Borrowing(text))
}
#[instrument_step]
fn projected<L: Load>(from: L) -> Result<L::Loaded, L::Refusal> {
    from.load()
}
#[instrument_step]
async fn async_projected<L: Load>(from: L) -> Result<L::Loaded, L::Refusal> {
    from.load()
}
#[instrument_step]
fn unnamed(text: &str) -> Result<u8, impl Error> {
    Err(Borrowing(text))
}
#[instrument_step]
async fn async_unnamed(text: &str) -> Result<u8, impl Error> {
    Err(Borrowing(text))
}
#[instrument_step]
fn unnamed_with_lifetime<'a>(text: &'a str) -> Result<u8, impl Error + 'a> {
    Err(Borrowing(text))
}
#[instrument_step]
fn any<E>(result: Result<u8, E>) -> Result<u8, E> {
    result
}
#[instrument_step]
fn later<'a>(text: &'a str) -> impl Future<Output = AliasedBorrowing<'a, u8>> {
    async move { Err(Borrowing(text)) }
}

pub struct Held<'a>(&'a str);

impl<'a> Held<'a> {
    #[instrument_step]
    fn of_self(&self) -> Result<u8, Borrowing<'a>> {
        Err(Borrowing(self.0))
    }
    #[instrument_step]
    async fn async_of_self(&self) -> Result<u8, Borrowing<'a>> {
        Err(Borrowing(self.0))
    }
    #[instrument_step]
    fn aliased_of_self(&self) -> AliasedBorrowing<'a, u8> {
        Err(Borrowing(self.0))
    }
}

impl<'a> Load for Held<'a> {
    type Loaded = u8;
    type Refusal = Borrowing<'a>;
    #[instrument_step]
    fn load(&self) -> Result<u8, Self::Refusal> {
        Err(Borrowing(self.0))
    }
}

fn main() {}
