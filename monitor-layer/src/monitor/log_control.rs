//! How much is logged: what the builder is told of it, and what may change while the service runs.

use std::{sync::Arc, time::Duration};

use super::{BuildError, Monitor, MonitorBuilder};
use crate::log::{Directives, InvalidLogLevel, LogFilter, LogRatio, RepeatLimit};

/// What the builder was told.
#[derive(Default)]
pub(super) struct LogControl {
    repeats: Option<RepeatLimit>,
    ratio: Option<f64>,
}

impl LogControl {
    pub(super) fn repeats(&self) -> Result<Option<RepeatLimit>, BuildError> {
        match self.repeats {
            Some(limit) if !limit.is_usable() => Err(BuildError::RepeatedLogs {
                most: limit.most,
                period: limit.period,
            }),
            usable => Ok(usable),
        }
    }

    /// `slower_than`: from when on an exchange is slow.
    pub(super) fn ratio(
        &self,
        slower_than: Option<Duration>,
    ) -> Result<Option<LogRatio>, BuildError> {
        let ratio = self.ratio.map(|ratio| LogRatio::new(ratio, slower_than));
        ratio.transpose().map_err(BuildError::LogRatio)
    }
}

impl MonitorBuilder {
    /// Writes at most `most` warnings and errors of one call site within `period`; all of them by default.
    ///
    /// The first ones of a period are written. The next one after it has the number of those that were not in
    /// `metadata.suppressed`; where none comes, a line `N repeated log lines suppressed` tells, with `target`, `file` and
    /// `line` of the call site: after the next line of any kind once the period is over, at [`flush`](Monitor::flush)
    /// and at shutdown. Each counts in `log_lines_suppressed_total`, and none as lost; failures
    /// that are captured count in `errors_total` like others. In spans that are exported, their events stay.
    ///
    /// A call site is a `tracing` macro in the code, whatever it says. The lines of requests, jobs and steps are not
    /// limited: each is the end of something that began. Nor are records of the `log` crate by way of `tracing-log`,
    /// for all of them have the same call site.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let monitor = monitor_layer::Monitor::builder("api")
    ///     .limit_repeated_logs(5, Duration::from_secs(60))
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn limit_repeated_logs(mut self, most: u32, period: Duration) -> Self {
        self.log_control.repeats = Some(RepeatLimit { most, period });
        self
    }

    /// Writes the lines of this share of the healthy exchanges that are not sampled, from 0 to 1; those of all by
    /// default.
    ///
    /// It is the share of trace ids, by the same hash as [`sample_ratio`](Self::sample_ratio): the lines of a trace stay
    /// or go together, here and in every service of the same ratio, and the smaller share lies within the larger. The
    /// lines of an exchange are its request lines and all others written in it, in its steps and in what is spawned with
    /// its [`scope`](crate::Current::scope) or in its spans. Those of jobs are not thinned, nor are those of exchanges
    /// that are sampled.
    ///
    /// Healthy is an exchange that completes, or is upgraded, with a status below 500, is not slower than
    /// `keep_traces_slower_than` (feature `otlp`), and logs no warning and no error. Until that is known, lines are held
    /// back, at most 16 KiB of one exchange and 16 MiB of all: so one that turns out otherwise has all of its lines, at
    /// the times at which they were logged, but written later. Those of a stream wait as long as it lives.
    ///
    /// Past that room the oldest lines of the exchange go, or its newest where the room of all is full. If the others are
    /// written, a line `N log lines dropped` tells, and each counts in `telemetry_dropped_total`. Lines that are thinned
    /// are no loss, and count nowhere; nor do those of exchanges that are under way when the process is ended without
    /// dropping them.
    ///
    /// To count exchanges by their lines, sum up `metadata.adjustedCount` of `Request completed`, and 1 where it has
    /// none. Within the share it is how many healthy exchanges the line stands for, 10 at a ratio of 0.1; outside, where a
    /// healthy exchange is written for it is sampled, it is 0, for the others stand for it, too.
    ///
    /// ```
    /// let monitor = monitor_layer::Monitor::builder("api")
    ///     .log_ratio(0.1)
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn log_ratio(mut self, ratio: f64) -> Self {
        self.log_control.ratio = Some(ratio);
        self
    }
}

impl Monitor {
    /// What is logged from now on: a level, or directives as `info,sqlx=debug`, for the monitor and its workers, in
    /// place of what was configured and of what was set before.
    ///
    /// Events and spans that were left out arrive from then on where the monitor is installed, or where a layer of one's
    /// own has [`log_filter`](Self::log_filter) or no filter. It costs what each call site costs once; in the time after
    /// it, a line costs a look behind a lock more than before, until [`reset_log_level`](Self::reset_log_level).
    ///
    /// There is no endpoint for it. A route of one's own, behind what guards the others, or a signal does:
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// use std::time::Duration;
    /// use axum::{Router, extract::State, http::StatusCode, routing::put};
    /// use monitor_layer::Monitor;
    ///
    /// /// `curl -X PUT localhost:3001/log-level -d info,sqlx=debug`: for ten minutes.
    /// async fn set_log_level(State(monitor): State<Monitor>, level: String) -> (StatusCode, String) {
    ///     match monitor.set_log_level_for(level, Duration::from_secs(600)) {
    ///         Ok(()) => (StatusCode::OK, monitor.log_level()),
    ///         Err(invalid) => (StatusCode::BAD_REQUEST, invalid.to_string()),
    ///     }
    /// }
    ///
    /// # let monitor = Monitor::builder("api").build().unwrap();
    /// let admin: Router = Router::new()
    ///     .route("/log-level", put(set_log_level))
    ///     .with_state(monitor);
    /// # }
    /// ```
    ///
    /// ```no_run
    /// # #[cfg(all(unix, feature = "server"))]
    /// # async fn watch(monitor: monitor_layer::Monitor) -> std::io::Result<()> {
    /// use tokio::signal::unix::{SignalKind, signal};
    ///
    /// let mut hangups = signal(SignalKind::hangup())?;
    /// tokio::spawn(async move {
    ///     while hangups.recv().await.is_some() {
    ///         match monitor.log_level().as_str() {
    ///             "debug" => monitor.reset_log_level(),
    ///             _ => drop(monitor.set_log_level("debug")),
    ///         }
    ///     }
    /// });
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidLogLevel`] says what is wrong with it; nothing is changed then.
    pub fn set_log_level(&self, level: impl AsRef<str>) -> Result<(), InvalidLogLevel> {
        let directives: Directives = level.as_ref().parse()?;
        self.core().log.levels().set(directives);
        Ok(())
    }

    /// The same until `period` is over: then what [`set_log_level`](Self::set_log_level) set last, else what was
    /// configured, is in force again, also where nothing was logged meanwhile.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # let monitor = monitor_layer::Monitor::builder("api").log_level("info").build()?;
    /// monitor.set_log_level_for("info,sqlx=debug", Duration::from_secs(600))?;
    /// assert_eq!(monitor.log_level(), "info,sqlx=debug");
    ///
    /// let error = monitor.set_log_level("loud").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the log level has \"loud\", which is no level; expected a level (trace, debug, info, warn, error, off) or \
    ///      directives as info,sqlx=warn"
    /// );
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`set_log_level`](Self::set_log_level).
    pub fn set_log_level_for(
        &self,
        level: impl AsRef<str>,
        period: Duration,
    ) -> Result<(), InvalidLogLevel> {
        let directives: Directives = level.as_ref().parse()?;
        self.core().log.levels().set_for(directives, period);
        Ok(())
    }

    /// Logs what was configured, whatever was set since.
    pub fn reset_log_level(&self) {
        self.core().log.levels().reset();
    }

    /// What is logged now, as it was written.
    #[must_use]
    pub fn log_level(&self) -> String {
        self.core().log.levels().shown()
    }

    /// A filter for a layer of a subscriber of one's own that lets through what the monitor logs, and follows
    /// [`set_log_level`](Self::set_log_level). `install` puts it on.
    ///
    /// ```
    /// use monitor_layer::Monitor;
    /// use tracing_subscriber::{Layer as _, layer::SubscriberExt as _};
    ///
    /// let monitor = Monitor::builder("api").build()?;
    /// let subscriber = tracing_subscriber::registry()
    ///     .with(monitor.log_layer().with_filter(monitor.log_filter()));
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    #[must_use]
    pub fn log_filter(&self) -> LogFilter {
        LogFilter::new(Arc::clone(self.core().log.levels()))
    }
}
