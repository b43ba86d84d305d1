//! Steps and jobs: counted, timed, traced, logged and captured, each once.

mod apalis;
mod arguments;
mod costs;
mod dropped;
mod guard;
mod jobs;
mod load;
mod loops;
mod pipeline;
mod queue;
mod queue_sampling;
mod redelivery;
mod retries;
mod shapes;
mod steps;

use std::{fmt, io};

use monitor_layer::{Categorize, testing::TestMonitor};
use serde_json::{Value, json};

/// Runs work as a step of this monitor's would be: inside of a job.
pub(crate) async fn in_job<T>(monitor: &TestMonitor, work: impl Future<Output = T>) -> T {
    let job = monitor.job("job-1").user("u-1").niche("history");
    let done = job.run(async { Ok::<_, io::Error>(work.await) });
    done.await.unwrap()
}

pub(crate) fn ended(monitor: &TestMonitor, step: &str) -> [f64; 4] {
    ["success", "error", "panicked", "cancelled"].map(|status| {
        let labels = [("step", step), ("status", status)];
        assert!(
            monitor.has_metric("pipeline_step_duration_seconds_count", labels),
            "{step} {status} is there from the first call on"
        );
        monitor.metric("pipeline_step_duration_seconds_count", labels)
    })
}

/// How many jobs of a niche were completed, failed and cancelled.
pub(crate) fn ends(monitor: &TestMonitor, niche: &str) -> [f64; 3] {
    ["COMPLETED", "FAILED", "CANCELLED"].map(|status| {
        let labels = [("niche", niche), ("status", status)];
        assert!(monitor.has_metric("job_duration_seconds_count", labels));
        monitor.metric("job_duration_seconds_count", labels)
    })
}

/// A line's message, level and attempt.
pub(crate) fn told(line: &Value) -> Value {
    json!([line["message"], line["level"], line["metadata"]["attempt"]])
}

#[derive(Debug)]
pub(crate) struct DeclinedCard;

impl fmt::Display for DeclinedCard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the card was declined")
    }
}

impl std::error::Error for DeclinedCard {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        const CAUSE: fmt::Error = fmt::Error;
        Some(&CAUSE)
    }
}

impl Categorize for DeclinedCard {
    fn code(&self) -> Option<&str> {
        Some("PAYMENT_CARD_DECLINED")
    }
}
