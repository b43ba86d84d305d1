//! What clippy finds in signatures.

#![allow(dead_code, clippy::unused_async, clippy::trivially_copy_pass_by_ref)]

use monitor_layer::instrument_step;

#[instrument_step]
pub fn ptr_arg(x: &Vec<u8>, y: &String) -> usize {
    x.len() + y.len()
}
#[instrument_step]
pub async fn ptr_arg_async(x: &Vec<u8>, y: &String) -> usize {
    x.len() + y.len()
}
#[instrument_step]
pub fn wraps() -> Result<u8, String> {
    Ok(1)
}
#[instrument_step]
pub fn wraps_opt() -> Option<u8> {
    Some(1)
}
#[instrument_step]
pub fn must_candidate(x: u8) -> u8 {
    x + 1
}
#[instrument_step]
pub fn errs() -> Result<u8, Box<dyn std::error::Error>> {
    Err("x".into())
}
#[instrument_step]
pub fn panics(x: Option<u8>) -> u8 {
    x.unwrap()
}
#[instrument_step]
pub async fn panics_async(x: Option<u8>) -> u8 {
    x.unwrap()
}
#[instrument_step]
pub fn too_many(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> u8 {
    a + b + c + d + e + f + g + h
}
#[instrument_step]
pub fn bools(a: bool, b: bool, c: bool, d: bool) -> bool {
    a && b && c && d
}
#[instrument_step]
pub fn implt(x: impl Into<u8>) -> u8 {
    x.into()
}
#[instrument_step]
pub unsafe fn missing_safety(x: *const u8) -> u8 {
    unsafe { *x }
}
#[instrument_step]
pub fn not_unsafe_ptr(x: *const u8) -> u8 {
    unsafe { *x }
}
pub struct S(u8);
impl S {
    #[instrument_step]
    pub fn new(x: u8) -> Self {
        Self(x)
    }
    #[instrument_step]
    pub fn into_u8(&self) -> u8 {
        self.0
    }
    #[instrument_step]
    pub fn no_self_use(&self) -> u8 {
        1
    }
    #[instrument_step]
    pub fn use_self(&self) -> S {
        S(1)
    }
    #[instrument_step]
    pub fn builder(self) -> Self {
        self
    }
    #[instrument_step]
    pub fn getter(&self) -> Result<u8, String> {
        Ok(self.0)
    }
    #[instrument_step]
    pub async fn optional(&self) -> Option<&u8> {
        Some(&self.0)
    }
    #[instrument_step]
    pub fn is_one(&self) -> bool {
        self.0 == 1
    }
}
#[instrument_step]
pub async fn returns_a_future() -> impl Future<Output = u8> {
    async { 1 }
}
