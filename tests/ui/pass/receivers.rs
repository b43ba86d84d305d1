//! Methods with each receiver that there is.

#![deny(warnings)]
#![allow(dead_code)]

use std::{pin::Pin, rc::Rc, sync::Arc};

use monitor_layer::instrument_step;

pub struct Frame(u8);

impl Frame {
    #[instrument_step]
    fn new(number: u8) -> Self {
        Self(number)
    }
    #[instrument_step]
    async fn try_new(number: u8) -> Result<Self, String> {
        Ok(Self(number))
    }
    #[instrument_step]
    fn by_value(self) -> u8 {
        self.0
    }
    #[instrument_step]
    fn by_mutable_value(mut self) -> Self {
        self.0 += 1;
        self
    }
    #[instrument_step]
    fn by_reference(&self) -> &u8 {
        &self.0
    }
    #[instrument_step]
    fn by_typed_reference(self: &Self) -> &u8 {
        &self.0
    }
    #[instrument_step]
    fn by_lifetime<'a>(&'a self, _: &str) -> &'a u8 {
        &self.0
    }
    #[instrument_step]
    fn by_mutable_reference(&mut self) -> &mut u8 {
        &mut self.0
    }
    #[instrument_step]
    fn returns_self(&mut self, _: &str) -> &mut Self {
        self.0 += 1;
        self
    }
    #[instrument_step]
    fn by_box(self: Box<Self>) -> u8 {
        self.0
    }
    #[instrument_step]
    fn by_mutable_box(mut self: Box<Self>) -> Box<Self> {
        self.0 += 1;
        self
    }
    #[instrument_step]
    fn by_pin(self: Pin<&mut Self>) -> u8 {
        self.get_mut().0 += 1;
        1
    }
    #[instrument_step]
    fn by_mutable_pin(mut self: Pin<&mut Self>) -> u8 {
        self.as_mut().0 += 1;
        self.0
    }
    #[instrument_step]
    fn by_pinned_box(self: Pin<Box<Self>>) -> u8 {
        self.0
    }
    #[instrument_step]
    fn by_arc(self: Arc<Self>) -> u8 {
        self.0
    }
    #[instrument_step]
    fn by_reference_to_arc(self: &Arc<Self>) -> u8 {
        self.0
    }
    #[instrument_step]
    fn by_rc(self: Rc<Self>) -> u8 {
        self.0
    }

    #[instrument_step]
    async fn async_by_value(self) -> u8 {
        self.0
    }
    #[instrument_step]
    async fn async_by_mutable_value(mut self) -> Self {
        self.0 += 1;
        self
    }
    #[instrument_step]
    async fn async_by_reference(&self, _: &str) -> &u8 {
        &self.0
    }
    #[instrument_step]
    async fn async_by_mutable_reference(&mut self) -> &mut u8 {
        &mut self.0
    }
    #[instrument_step]
    async fn async_returns_self(&mut self, _: &str) -> &mut Self {
        self.0 += 1;
        self
    }
    #[instrument_step]
    async fn async_by_box(self: Box<Self>) -> u8 {
        self.0
    }
    #[instrument_step]
    async fn async_by_pin(self: Pin<&mut Self>) -> u8 {
        self.get_mut().0 += 1;
        1
    }
    #[instrument_step]
    async fn async_by_arc(self: Arc<Self>) -> u8 {
        self.0
    }
    #[instrument_step]
    async fn async_by_reference_to_arc(self: &Arc<Self>) -> u8 {
        self.0
    }
}

fn main() {}
