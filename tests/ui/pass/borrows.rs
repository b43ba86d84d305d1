//! Borrows that go through a step.

#![deny(warnings)]
#![allow(dead_code)]

use std::{cell::RefCell, io, sync::Mutex};

use monitor_layer::instrument_step;

// tracing 2857
#[instrument_step]
fn shared(number: &mut u8) -> &u8 {
    number
}
#[instrument_step]
fn exclusive(number: &mut u8) -> &mut u8 {
    number
}
#[instrument_step]
async fn async_shared(number: &mut u8) -> &u8 {
    number
}
#[instrument_step]
async fn async_exclusive(number: &mut u8) -> &mut u8 {
    number
}

pub struct Node(u8);
pub struct Ref<'a>(&'a Node);

// tracing 2796
#[instrument_step]
fn in_ok<'a>(node: &'a Node) -> Result<Option<Ref<'a>>, io::Error> {
    Ok(Some(Ref(node)))
}
#[instrument_step]
fn elided_in_ok(node: &Node) -> Result<Option<Ref<'_>>, io::Error> {
    Ok(Some(Ref(node)))
}
#[instrument_step]
fn mutable_in_ok(node: &mut Node) -> Result<Option<Ref<'_>>, io::Error> {
    Ok(Some(Ref(node)))
}
#[instrument_step]
async fn async_in_ok(node: &Node) -> Result<Option<Ref<'_>>, io::Error> {
    Ok(Some(Ref(node)))
}

#[instrument_step]
fn temporary(lock: &Mutex<u8>) -> u8 {
    *lock.lock().unwrap()
}
#[instrument_step]
async fn async_temporary(lock: &Mutex<u8>) -> u8 {
    *lock.lock().unwrap()
}
#[instrument_step]
fn of_a_parameter(all: RefCell<Vec<u8>>) -> usize {
    all.borrow().len()
}
#[instrument_step]
async fn async_of_a_parameter(all: RefCell<Vec<u8>>) -> usize {
    match all.borrow().first() {
        Some(first) => usize::from(*first),
        None => 0,
    }
}

// Two borrows of one value, one after the other, and both while the first step's result lives.
fn in_turn(mut number: u8) -> u8 {
    *exclusive(&mut number) += 1;
    let (one, two) = (in_ok(&Node(1)).is_ok(), shared(&mut number));
    u8::from(one) + *two
}

fn main() {}
