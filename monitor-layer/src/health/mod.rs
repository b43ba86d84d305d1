//! Whether the service can do its work: checks of what it depends on, each with a time limit.

mod check;
mod state;

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

pub(crate) use self::check::Check;
pub use self::check::InvalidCheck;
pub(crate) use self::state::{Standing, State};
use crate::monitor::Core;

/// The checks of a monitor, and what they said last.
pub(crate) struct Health {
    checks: Vec<Check>,
    pub(crate) standing: Standing,
    last: Mutex<Option<Report>>,
}

/// What all checks said at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    finished: Instant,
    pub(crate) checks: Vec<Checked>,
}

/// What one check said.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) name: String,
    pub(crate) healthy: bool,
    pub(crate) latency: Duration,
}

impl Health {
    pub(crate) fn new(checks: Vec<Check>) -> Result<Self, InvalidCheck> {
        for (index, check) in checks.iter().enumerate() {
            if checks[..index].iter().any(|other| other.name == check.name) {
                return Err(InvalidCheck::doubled(&check.name));
            }
        }
        Ok(Self {
            checks,
            standing: Standing::new(State::Ready),
            last: Mutex::new(None),
        })
    }

    /// Runs all checks at once. Who asks while they run gets what they say then.
    pub(crate) async fn check(&self, core: &Core) -> Report {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(report) = last.as_ref().filter(|report| report.finished >= asked) {
            return report.clone();
        }
        let checks =
            futures_util::future::join_all(self.checks.iter().map(|check| check.run(core))).await;
        last.insert(Report {
            finished: Instant::now(),
            checks,
        })
        .clone()
    }
}

impl Report {
    pub(crate) fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.healthy)
    }
}
