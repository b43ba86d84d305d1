//! Beside tokio's own attributes, in both orders, and as a task of its own.

#![deny(warnings)]
#![allow(dead_code)]

use std::io;

use monitor_layer::instrument_step;

#[instrument_step]
#[tokio::main]
async fn below() -> io::Result<()> {
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
#[instrument_step]
async fn above() -> io::Result<()> {
    tokio::task::yield_now().await;
    Ok(())
}

#[tokio::test]
#[instrument_step]
async fn tested() {
    spawned(1).await.unwrap();
}

#[instrument_step]
async fn spawned(number: u8) -> Result<u8, String> {
    tokio::task::yield_now().await;
    Ok(number)
}

#[instrument_step]
async fn spawns() -> Result<u8, String> {
    tokio::spawn(spawned(1))
        .await
        .map_err(|error| error.to_string())?
}

fn main() {}
