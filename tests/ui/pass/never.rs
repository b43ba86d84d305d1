//! Functions that do not return.

#![deny(warnings)]
#![allow(dead_code)]

use monitor_layer::instrument_step;

#[instrument_step]
fn parks() -> ! {
    loop {
        std::thread::park();
    }
}
#[instrument_step]
async fn waits() -> ! {
    loop {
        std::future::pending::<()>().await
    }
}
#[instrument_step]
fn panics() -> ! {
    panic!("always")
}
#[instrument_step]
async fn async_panics() -> ! {
    panic!("always")
}
#[instrument_step]
fn exits(early: bool) -> ! {
    if early {
        std::process::exit(1);
    }
    std::process::exit(2)
}
#[instrument_step]
fn exits_by_statement() -> ! {
    std::process::exit(2);
}
#[instrument_step]
async fn async_exits(early: bool) -> ! {
    if early {
        std::process::exit(1);
    }
    async_panics().await
}

pub struct Server;

impl Server {
    #[instrument_step]
    fn serve(self) -> ! {
        panics()
    }
    #[instrument_step]
    async fn async_serve(&mut self, _: &str) -> ! {
        async_panics().await
    }
}

fn main() {}
