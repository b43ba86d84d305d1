//! A worker function: a job around two steps, one of which fails at times.
//!
//! `cargo run --bin worker` runs five jobs; its log tells how each went.

use std::{fmt, time::Duration};

use monitor_layer::{Categorize, Monitor, instrument_step};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let monitor = Monitor::builder("worker")
        .categorize::<RenderError>()
        .install()?;

    for number in 1..=5 {
        let job = monitor.job(format!("job-{number}")).user("u-1");
        // The job's own line, metric and error event are written already.
        let _ = job.run(pipeline(number)).await;
    }
    monitor.flush(Duration::from_secs(2));
    Ok(())
}

async fn pipeline(number: u32) -> Result<usize, RenderError> {
    let scenes = parse(number).await;
    render(scenes).await
}

#[instrument_step]
async fn parse(number: u32) -> u32 {
    tokio::time::sleep(Duration::from_millis(5)).await;
    number
}

#[instrument_step(name = "render")]
async fn render(scenes: u32) -> Result<usize, RenderError> {
    if scenes.is_multiple_of(3) {
        return Err(RenderError);
    }
    Ok(scenes as usize)
}

#[derive(Debug)]
struct RenderError;

impl fmt::Display for RenderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the scene has no frames")
    }
}

impl std::error::Error for RenderError {}

impl Categorize for RenderError {
    fn code(&self) -> Option<&str> {
        Some("PIPELINE_EMPTY_SCENE")
    }
}
