//! Under `#[async_trait]`, where a method returns a boxed future.

#![deny(warnings)]
#![allow(dead_code)]

use std::{error::Error, fmt, rc::Rc};

use async_trait::async_trait;
use monitor_layer::instrument_step;

#[derive(Debug)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("refused")
    }
}

impl Error for Refused {}

#[async_trait]
pub trait Render {
    async fn fallible(&self, text: &str) -> Result<u8, Refused>;
    async fn patterns(&mut self, mut text: String, _: u8, (a, b): (u8, u8)) -> String;
    async fn of_the_type();
    async fn generic<X: Send + Clone + 'static>(&self, one: X) -> Vec<X>;
    async fn boxed(self: Box<Self>) -> u8;
    async fn takes_impl(&self, all: impl Iterator<Item = u8> + Send + 'static) -> usize;
    #[instrument_step]
    async fn default_method(&self, text: &str) -> usize {
        text.len()
    }
    // async-trait 199: the coercion to a trait object.
    #[instrument_step]
    async fn coerces(&self) -> Result<Box<dyn fmt::Debug + Send>, Refused> {
        Ok(Box::new(1))
    }
}

#[async_trait]
impl Render for u8 {
    #[instrument_step]
    async fn fallible(&self, text: &str) -> Result<u8, Refused> {
        if text.is_empty() {
            return Err(Refused);
        }
        Ok(*self)
    }
    #[instrument_step]
    async fn patterns(&mut self, mut text: String, _: u8, (a, b): (u8, u8)) -> String {
        text.push('a');
        *self += a + b;
        text
    }
    #[instrument_step]
    async fn of_the_type() {}
    #[instrument_step]
    async fn generic<X: Send + Clone + 'static>(&self, one: X) -> Vec<X> {
        vec![one.clone(), one]
    }
    #[instrument_step]
    async fn boxed(self: Box<Self>) -> u8 {
        *self
    }
    #[instrument_step]
    async fn takes_impl(&self, all: impl Iterator<Item = u8> + Send + 'static) -> usize {
        all.count()
    }
}

#[async_trait(?Send)]
pub trait Local {
    async fn local(&self, shared: &Rc<u8>) -> Result<u8, Refused>;
}

#[async_trait(?Send)]
impl Local for u8 {
    #[instrument_step]
    async fn local(&self, shared: &Rc<u8>) -> Result<u8, Refused> {
        let shared = shared.clone();
        std::future::ready(()).await;
        Ok(*shared)
    }
}

#[async_trait]
pub trait Store<T> {
    type Refusal;
    async fn load(&self) -> Result<T, Self::Refusal>
    where
        T: Clone;
}

pub struct Held<T>(T);

#[async_trait]
impl<T: Send + Sync> Store<T> for Held<T> {
    type Refusal = Refused;
    #[instrument_step]
    async fn load(&self) -> Result<T, Self::Refusal>
    where
        T: Clone,
    {
        Ok(self.0.clone())
    }
}

fn main() {}
