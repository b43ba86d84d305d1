//! A worker function: a job of two steps, that is tried again where the renderer is busy.
//!
//! `cargo run --bin worker` runs five jobs; its log tells how each went.

use std::{fmt, time::Duration};

use monitor_layer::{Categorize, JobAttempt, Monitor, Retries, instrument_step};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let monitor = Monitor::builder("worker").install()?;
    let retries = Retries::up_to(3).backoff(Duration::from_millis(50), Duration::from_secs(5));

    for number in 1..=5 {
        let job = monitor.job(format!("job-{number}")).user("u-1");
        // The job's own line, metric and error event are written already.
        let _ = job.retry(retries).run(|_| pipeline(number)).await;
    }
    monitor.flush(Duration::from_secs(2));
    Ok(())
}

async fn pipeline(number: u32) -> Result<usize, Busy> {
    let scenes = parse(number).await;
    render(scenes).await
}

#[instrument_step]
async fn parse(number: u32) -> u32 {
    tokio::time::sleep(Duration::from_millis(5)).await;
    number
}

#[instrument_step]
async fn render(scenes: u32) -> Result<usize, Busy> {
    let attempt = monitor_layer::current().attempt();
    match attempt.map_or(1, JobAttempt::number) < scenes {
        true => Err(Busy),
        false => Ok(scenes as usize),
    }
}

#[derive(Debug)]
struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the renderer is busy")
    }
}

impl std::error::Error for Busy {}

impl Categorize for Busy {
    fn is_transient(&self) -> bool {
        true
    }
}
