#![allow(unused_imports)]

use std::{collections::HashMap, error::Error, fmt, future::ready, num::ParseIntError};

use monitor_layer::instrument_step;

#[derive(Debug)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("refused")
    }
}

impl Error for Refused {}

pub struct Store {
    numbers: HashMap<String, u64>,
}
