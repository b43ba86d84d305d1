use std::time::Duration;

use super::{BuildError, Monitor, MonitorBuilder};
use crate::health::{Health, HealthCheck, State};

const INTERVAL: Duration = Duration::from_secs(5);
const AGE_LIMIT: Duration = Duration::from_secs(30);

/// What the builder was told of checks.
#[derive(Default)]
pub(super) struct HealthOptions {
    checks: Vec<(String, HealthCheck)>,
    interval: Option<Duration>,
    age_limit: Option<Duration>,
    is_starting: bool,
}

impl HealthOptions {
    pub(super) fn health(self) -> Result<Health, BuildError> {
        let interval = self.interval.unwrap_or(INTERVAL);
        if interval.is_zero() {
            return Err(BuildError::CheckInterval);
        }
        let longest = Health::longest_time_limit(&self.checks);
        // An interval is a tenth longer at times.
        let oldest = interval
            .saturating_add(interval / 10)
            .saturating_add(longest);
        let age_limit = match self.age_limit {
            Some(limit) if limit <= oldest => {
                return Err(BuildError::CheckAgeLimit { limit, oldest });
            }
            Some(limit) => limit,
            None => AGE_LIMIT.max(oldest.saturating_mul(3)),
        };
        let state = match self.is_starting {
            true => State::Starting,
            false => State::Ready,
        };
        Ok(Health::new(self.checks, interval, age_limit, state)?)
    }
}

impl MonitorBuilder {
    /// Adds a readiness check: an async function that returns a `Result`, or a [`HealthCheck`], which says more of it.
    ///
    /// It is asked in the background, every five seconds or so ([`check_interval`](Self::check_interval)), and `/ready`
    /// tells what it said last, however often that is asked for. The background begins with `build` inside of a tokio
    /// runtime, else with the first `/ready` or `/metrics`; whoever asks before there is any answer waits for it, for no
    /// longer than its time limit. It ends with the monitor, as its last clone and layer go.
    ///
    /// ```
    /// # async fn check_database() -> Result<(), std::io::Error> { Ok(()) }
    /// use monitor_layer::{HealthCheck, Monitor};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .check("database", check_database)
    ///     .check("broker", HealthCheck::tcp("broker.internal:5672").optional())
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn check(mut self, name: &str, check: impl Into<HealthCheck>) -> Self {
        self.health.checks.push((name.to_owned(), check.into()));
        self
    }

    /// How often each check is asked, a tenth more or less; every 5 seconds by default.
    ///
    /// ```
    /// # async fn check_database() -> Result<(), std::io::Error> { Ok(()) }
    /// use std::time::Duration;
    ///
    /// let monitor = monitor_layer::Monitor::builder("api")
    ///     .check("database", check_database)
    ///     .check_interval(Duration::from_secs(10))
    ///     .check_age_limit(Duration::from_secs(60))
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub const fn check_interval(mut self, interval: Duration) -> Self {
        self.health.interval = Some(interval);
        self
    }

    /// How old an answer may be; an older one is as a failure: the runtime that asks stands still. 30 seconds by
    /// default, and longer where three intervals are.
    pub const fn check_age_limit(mut self, limit: Duration) -> Self {
        self.health.age_limit = Some(limit);
        self
    }

    /// Lets the service begin as one that starts: `/ready` answers 503 until [`Monitor::ready`] is called, for warm-ups
    /// that no check knows of. `/health` answers 200 meanwhile.
    ///
    /// ```
    /// use monitor_layer::Monitor;
    ///
    /// let monitor = Monitor::builder("api").starting().build()?;
    /// // Migrations, caches.
    /// monitor.ready();
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub const fn starting(mut self) -> Self {
        self.health.is_starting = true;
        self
    }
}

impl Monitor {
    /// The service has started: from now on `/ready` answers what the checks say. It does from the beginning, but for
    /// [`MonitorBuilder::starting`]; one that drains stays so.
    pub fn ready(&self) {
        self.core().health.standing.ready();
    }
}
