//! `unsafe` functions and blocks, and foreign callers.

#![deny(warnings)]
#![allow(dead_code)]
#![deny(unsafe_op_in_unsafe_fn, unused_unsafe)]

use monitor_layer::instrument_step;

/// # Safety
/// The pointer is valid.
#[instrument_step]
pub unsafe fn reads(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

/// # Safety
/// The pointer is valid.
#[instrument_step]
pub async unsafe fn async_reads(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

#[instrument_step]
pub fn block(number: &u8) -> u8 {
    unsafe { *std::ptr::from_ref(number) }
}

#[instrument_step]
pub extern "C" fn called_from_c(number: u8) -> u8 {
    number
}

#[instrument_step]
pub extern "system" fn called_by_the_system(number: u8) -> u8 {
    number
}

#[instrument_step]
pub extern "C-unwind" fn may_unwind(number: u8) -> u8 {
    number
}

/// # Safety
/// The pointer is valid.
#[instrument_step]
pub unsafe extern "C" fn both(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

#[instrument_step]
#[unsafe(no_mangle)]
pub extern "C" fn monitor_layer_test_not_mangled(number: u8) -> u8 {
    number
}

pub struct Raw(*const u8);

impl Raw {
    /// # Safety
    /// The pointer is valid.
    #[instrument_step]
    pub unsafe fn reads(&self) -> u8 {
        unsafe { *self.0 }
    }
}

fn main() {}
