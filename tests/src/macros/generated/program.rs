use super::function::Function;
use crate::support::Random;

/// A program that calls each of its functions some times and prints what came of it.
pub(super) fn write(random: &mut Random, functions: usize) -> String {
    let functions: Vec<_> = (0..functions)
        .map(|number| Function::random(random, number))
        .collect();
    let items: String = functions.iter().map(Function::item).collect();
    let calls: String = functions.iter().map(Function::calls).collect();
    format!(
        "{START}\n{items}\nfn main() {{\n    std::panic::set_hook(Box::new(|_| {{}}));\n{calls}}}\n"
    )
}

/// What the functions use.
const START: &str = r#"
#![allow(warnings)]

use std::{
    error::Error, fmt::{self, Debug}, future::ready, pin::{Pin, pin}, sync::Arc,
    sync::atomic::{AtomicUsize, Ordering}, task::{Context, Poll, Waker},
};

use monitor_layer::instrument_step;

static DROPPED: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug, Clone)]
struct Dropped(u64);

impl Drop for Dropped {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Failure(u64);

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "failed at {}", self.0)
    }
}

impl Error for Failure {}

#[derive(Debug)]
struct Borrowing<'a>(&'a str);

impl fmt::Display for Borrowing<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for Borrowing<'_> {}

type Aliased<T> = Result<T, Failure>;

#[derive(Debug, Clone)]
struct Pair(u8, u16);

#[derive(Debug, Clone)]
struct Scene {
    number: u64,
    text: String,
}

fn scene(number: u64) -> Scene {
    Scene { number, text: format!("scene {number}") }
}

fn adder(total: u64) -> impl Fn(u64) -> u64 {
    move |number| number + total
}

fn parsed(number: u64) -> Result<u64, std::num::ParseIntError> {
    if number % 5 == 0 { "none".parse() } else { Ok(number / 2) }
}

fn checked(number: u64) -> Option<u64> {
    (number % 7 != 0).then_some(number + 1)
}

/// Is pending once.
async fn turn() {
    let mut turned = false;
    std::future::poll_fn(|context| {
        if turned {
            return Poll::Ready(());
        }
        turned = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

fn show(name: &str, call: impl FnOnce() -> String) {
    let came = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call));
    let came = came.unwrap_or_else(|panic| match panic.downcast::<String>() {
        Ok(message) => format!("panicked: {message}"),
        Err(panic) => format!("panicked: {}", panic.downcast_ref::<&str>().unwrap()),
    });
    println!("{name}: {came}, dropped {}", DROPPED.swap(0, Ordering::Relaxed));
}
"#;
