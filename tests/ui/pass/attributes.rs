//! Attributes, docs and conditions on functions and in them.

#![deny(warnings)]
#![allow(dead_code)]

use monitor_layer::instrument_step;

/// Docs.
#[instrument_step]
#[allow(unused_variables)]
#[must_use]
#[inline]
#[track_caller]
#[doc(hidden)]
#[cold]
pub fn below(number: u8) -> u8 {
    1
}

#[allow(unused_variables)]
#[must_use = "why"]
#[instrument_step]
pub async fn above(number: u8) -> u8 {
    1
}

#[deprecated]
#[instrument_step]
pub fn deprecated() {}

#[instrument_step]
#[deprecated(note = "why")]
pub async fn async_deprecated() {}

// tracing 2307: inner attributes and docs.
#[instrument_step]
pub fn inner() {
    //! Inner docs.
    #![allow(unused_variables)]
    #![allow(unused_mut)]
    let mut unused = 1;
}

#[instrument_step]
pub async fn async_inner() {
    //! Inner docs.
    #![allow(unused_variables)]
    let unused = 1;
}

#[instrument_step]
pub fn statements() {
    #[allow(unused_variables)]
    let unused = 1;
    #[cfg(any())]
    {
        missing();
    }
}

#[instrument_step]
#[expect(unused_variables)]
pub fn expected(unused: u8) {}

#[instrument_step]
#[expect(unused_variables)]
pub async fn async_expected(unused: u8) {}

#[cfg(any())]
#[instrument_step]
fn gone() -> Missing {
    missing()
}

#[instrument_step]
#[cfg(any())]
fn gone_below() -> Missing {
    missing()
}

#[instrument_step()]
pub fn no_arguments() {}

#[instrument_step]
#[instrument_step(name = "inner")]
pub fn twice() -> u8 {
    1
}

#[instrument_step]
#[instrument_step(name = "inner")]
pub async fn async_twice() -> Result<u8, String> {
    Ok(1)
}

#[instrument_step]
#[test]
fn tested() {}

#[instrument_step]
pub(crate) fn visible() {}

pub mod inside {
    #[monitor_layer::instrument_step]
    pub(super) async fn visible() {}
}

fn main() {}
