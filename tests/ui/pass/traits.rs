//! Default methods, implementations, associated types with lifetimes, methods of trait objects.

#![deny(warnings)]
#![allow(dead_code)]

use monitor_layer::instrument_step;

trait Render {
    type Frame<'a>
    where
        Self: 'a;
    type Refusal;

    fn frame<'a>(&'a self) -> Self::Frame<'a>;
    async fn later<'a>(&'a self) -> Self::Frame<'a>;
    async fn fallible(&self) -> Result<Self::Frame<'_>, Self::Refusal>;

    #[instrument_step]
    fn sized(&self) -> u8
    where
        Self: Sized,
    {
        1
    }
    #[instrument_step]
    fn default_method(&self) -> u8 {
        1
    }
    #[instrument_step]
    async fn async_default_method(&self) -> u8 {
        1
    }
    #[instrument_step]
    fn returns_self(&mut self) -> &mut Self {
        self
    }
    #[instrument_step]
    fn returns_impl(&self) -> impl Iterator<Item = u8> {
        Some(1).into_iter()
    }
    #[instrument_step]
    fn returns_future(&self) -> impl Future<Output = u8> + Send {
        async { 1 }
    }
    #[instrument_step]
    fn of_the_type() -> u8
    where
        Self: Sized,
    {
        1
    }
}

struct Scene(u8);

impl Render for Scene {
    type Frame<'a> = &'a u8;
    type Refusal = String;

    #[instrument_step]
    fn frame<'a>(&'a self) -> Self::Frame<'a> {
        &self.0
    }
    #[instrument_step]
    async fn later<'a>(&'a self) -> Self::Frame<'a> {
        &self.0
    }
    #[instrument_step]
    async fn fallible(&self) -> Result<Self::Frame<'_>, Self::Refusal> {
        Ok(&self.0)
    }
}

trait Count {
    fn count(&self) -> u8;
    fn consume(self: Box<Self>) -> u8;
}

impl Count for Scene {
    #[instrument_step]
    fn count(&self) -> u8 {
        self.0
    }
    #[instrument_step]
    fn consume(self: Box<Self>) -> u8 {
        self.0
    }
}

fn objects(scene: Box<dyn Count>) -> u8 {
    scene.count() + scene.consume()
}

impl<T: Count + ?Sized> Count for &T {
    #[instrument_step]
    fn count(&self) -> u8 {
        (**self).count()
    }
    #[instrument_step]
    fn consume(self: Box<Self>) -> u8 {
        self.count()
    }
}

fn main() {}
