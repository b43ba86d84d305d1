//! Bodies of each form.

#![deny(warnings)]
#![allow(dead_code)]

use std::{convert::Infallible, ops::ControlFlow, task::Poll};

use monitor_layer::instrument_step;

#[instrument_step]
fn empty() {}
#[instrument_step]
async fn async_empty() {}
#[instrument_step]
fn statement(number: u8) {
    if number > 1 {
        return;
    }
    let _ = number;
}
#[instrument_step]
async fn async_statement(number: u8) {
    if number > 1 {
        return;
    }
    let _ = number;
}
#[instrument_step]
fn flow(number: u8) -> ControlFlow<u8, u16> {
    if number > 1 {
        ControlFlow::Break(number)?;
    }
    ControlFlow::Continue(2)
}
#[instrument_step]
async fn async_flow(number: u8) -> ControlFlow<u8, u16> {
    if number > 1 {
        ControlFlow::Break(number)?;
    }
    ControlFlow::Continue(2)
}
#[instrument_step]
fn poll(polled: Poll<Result<u8, String>>) -> Poll<Result<u8, String>> {
    let polled = polled?;
    polled.map(Ok)
}
#[instrument_step]
fn option(number: Option<u8>) -> Option<u8> {
    let number = number?;
    Some(number + 1)
}
#[instrument_step]
async fn async_option(number: Option<u8>) -> Option<u8> {
    let number = number?;
    Some(number + 1)
}
#[instrument_step]
fn io() -> std::io::Result<()> {
    std::fs::read("x")?;
    Ok(())
}
#[instrument_step]
fn format(formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    formatter.write_str("x")?;
    Ok(())
}
#[instrument_step]
fn infallible() -> Result<u8, Infallible> {
    Ok(1)
}
#[instrument_step]
async fn always_fails() -> Result<Infallible, String> {
    Err("always".to_owned())
}
#[instrument_step]
fn labels(number: u8) -> u8 {
    let result = 'a: {
        if number > 1 {
            break 'a 5;
        }
        6
    };
    'outer: loop {
        loop {
            break 'outer;
        }
    }
    result
}
#[instrument_step]
async fn async_labels(number: u8) -> u8 {
    let result = 'a: {
        if number > 1 {
            break 'a 5;
        }
        6
    };
    'outer: loop {
        loop {
            break 'outer;
        }
    }
    result
}
#[instrument_step]
fn closures(number: u8) -> u8 {
    let f = |number: u8| {
        if number > 1 {
            return 1;
        }
        2
    };
    if number > 4 {
        return f(number);
    }
    f(1)
}
#[instrument_step]
async fn async_closures(number: u8) -> u8 {
    let f = async |number: u8| {
        if number > 1 {
            return 1;
        }
        2
    };
    if number > 4 {
        return f(number).await;
    }
    f(1).await
}
#[instrument_step]
fn questions_in_closures(number: Result<u8, String>) -> Result<u8, String> {
    let f = || -> Result<u8, String> {
        let number = number?;
        Ok(number)
    };
    f()
}
#[instrument_step]
fn macros(number: u8) -> String {
    macro_rules! twice {
        ($number:expr) => {
            $number + $number
        };
    }
    assert!(number < 100, "bad");
    if matches!(number, 1) {
        return format!("{number}");
    }
    format!("{:?}", vec![twice!(number)])
}
#[instrument_step]
async fn async_macros(number: u8) -> String {
    macro_rules! twice {
        ($number:expr) => {
            $number + $number
        };
    }
    assert!(number < 100, "bad");
    if matches!(number, 1) {
        return format!("{number}");
    }
    format!("{:?}", vec![twice!(number)])
}
#[instrument_step]
fn recursive(depth: u8) -> u8 {
    if depth == 0 {
        0
    } else {
        recursive(depth - 1) + 1
    }
}
#[instrument_step]
async fn async_recursive(depth: u8) -> u8 {
    if depth == 0 {
        0
    } else {
        Box::pin(async_recursive(depth - 1)).await + 1
    }
}
#[instrument_step]
fn items() -> u8 {
    use std::collections::HashMap;
    const ONE: u8 = 1;
    static TWO: u8 = 2;
    struct Local;
    impl Local {
        fn get(&self) -> u8 {
            inner()
        }
    }
    fn inner() -> u8 {
        ONE + TWO
    }
    let _: HashMap<u8, u8> = HashMap::new();
    Local.get()
}
#[instrument_step]
async fn async_items() -> u8 {
    use std::collections::HashMap;
    const ONE: u8 = 1;
    static TWO: u8 = 2;
    struct Local;
    impl Local {
        fn get(&self) -> u8 {
            inner()
        }
    }
    fn inner() -> u8 {
        ONE + TWO
    }
    let _: HashMap<u8, u8> = HashMap::new();
    Local.get()
}
#[instrument_step]
fn nested() -> u8 {
    #[instrument_step]
    fn inner() -> u8 {
        1
    }
    #[instrument_step]
    async fn async_inner() -> u8 {
        1
    }
    drop(async_inner());
    inner()
}
#[instrument_step]
fn diverges() -> u8 {
    panic!("always")
}
#[instrument_step]
async fn async_diverges() -> u8 {
    panic!("always")
}
#[instrument_step]
fn todo() -> Result<u8, String> {
    todo!()
}
#[instrument_step]
async fn async_todo() -> Result<u8, String> {
    todo!()
}
#[instrument_step]
fn looping() -> u8 {
    loop {
        if true {
            return 1;
        }
    }
}
#[instrument_step]
async fn async_looping() -> Result<u8, String> {
    loop {
        if true {
            return Ok(1);
        }
    }
}
#[instrument_step]
async fn endless() -> Result<u8, String> {
    loop {
        std::future::pending::<()>().await
    }
}

fn main() {}
