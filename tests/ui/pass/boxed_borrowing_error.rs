//! A boxed error that borrows.

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

#[instrument_step]
fn boxed<'a>(text: &'a str) -> Result<u8, Box<dyn Error + 'a>> {
    Err(Box::new(Borrowing(text)))
}

fn main() {}
