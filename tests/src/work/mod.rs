//! Steps and jobs: counted, timed, traced, logged and captured, each once.

mod arguments;
mod dropped;
mod jobs;
mod queue;
mod shapes;
mod steps;

use std::{fmt, io};

use monitor_layer::{Categorize, testing::TestMonitor};

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
