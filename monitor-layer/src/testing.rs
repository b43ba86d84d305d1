//! A monitor for tests: no globals, nothing from the environment, and everything it would send can be asked for.
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use monitor_layer::testing::TestMonitor;
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let monitor = TestMonitor::new("api");
//! let app: Router = Router::new()
//!     .route("/jobs/{id}", get(async || "a job"))
//!     .layer(monitor.layer());
//!
//! let request = http::Request::builder().uri("/jobs/7").body(Body::empty()).unwrap();
//! drop(app.oneshot(request).await.unwrap());
//!
//! assert_eq!(monitor.metric("http_requests_total", [("route", "/jobs/{id}")]), 1.0);
//! assert_eq!(monitor.lines()[1]["message"], "Request completed");
//! assert!(monitor.errors().is_empty());
//! # }
//! ```

use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{
    BuildError, ErrorEvent, InScope, Monitor, MonitorBuilder, TraceContext,
    error::Sinks,
    log::{LogLayer, Sink},
    metrics,
    trace::current::Scope,
};

/// A [`Monitor`] that keeps what it writes.
///
/// It derefs to the monitor it stands for.
#[derive(Clone, Debug)]
pub struct TestMonitor {
    monitor: Monitor,
    lines: Arc<Mutex<Vec<String>>>,
    errors: Arc<Mutex<Vec<ErrorEvent>>>,
    #[cfg(feature = "alerts")]
    alerts: Arc<Mutex<Vec<crate::AlertNotice>>>,
}

impl TestMonitor {
    /// A monitor of this service name that logs everything and samples every trace.
    ///
    /// # Panics
    ///
    /// Never: the settings it makes are sound.
    #[must_use]
    pub fn new(service: &str) -> Self {
        match Self::build(service, |builder| builder) {
            Ok(monitor) => monitor,
            Err(error) => unreachable_settings(&error),
        }
    }

    /// A monitor that is set up by `configure` as any other.
    ///
    /// # Errors
    ///
    /// As [`MonitorBuilder::build`].
    pub fn build(
        service: &str,
        configure: impl FnOnce(MonitorBuilder) -> MonitorBuilder,
    ) -> Result<Self, BuildError> {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let errors = Arc::<Mutex<Vec<ErrorEvent>>>::default();
        let builder = Monitor::builder(service)
            .without_environment()
            .env("test")
            .log_level("trace")
            .sample_ratio(1.0)
            .sinks(
                Sink::memory(Arc::clone(&lines)),
                Sinks::memory(Arc::clone(&errors)),
            );
        #[cfg(feature = "alerts")]
        let alerts = Arc::<Mutex<Vec<crate::AlertNotice>>>::default();
        #[cfg(feature = "alerts")]
        let builder = builder.alerts_to(Arc::clone(&alerts));
        Ok(Self {
            monitor: configure(builder).build()?,
            lines,
            errors,
            #[cfg(feature = "alerts")]
            alerts,
        })
    }

    /// Lets a future run as this monitor's, in a trace of its own: how a step is tested alone.
    ///
    /// ```
    /// use monitor_layer::{instrument_step, testing::TestMonitor};
    ///
    /// #[instrument_step]
    /// async fn render() {}
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let monitor = TestMonitor::new("worker");
    /// monitor.scope(render()).await;
    /// assert_eq!(monitor.metric("pipeline_step_duration_seconds_count", [("step", "render")]), 1.0);
    /// # }
    /// ```
    pub fn scope<T>(&self, inner: T) -> InScope<T> {
        let core = Arc::clone(self.monitor.core());
        let context = TraceContext::root(&core.sampler);
        InScope::new(Some(Scope::new(context, Some(core)).boxed()), inner)
    }

    /// The sum of all samples of this name whose labels include these; 0 where there are none. Histograms are asked
    /// for by `_count`, `_sum` and `_bucket`.
    #[must_use]
    pub fn metric<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> f64 {
        // From a positive zero, for the sum of no floats is a negative one.
        self.values(name, labels)
            .iter()
            .fold(0.0, |sum, value| sum + value)
    }

    /// Whether there is any sample of this name with these labels, at whatever value.
    #[must_use]
    pub fn has_metric<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> bool {
        !self.values(name, labels).is_empty()
    }

    /// How many series there are, a histogram counting as one.
    #[must_use]
    pub fn series(&self) -> usize {
        self.monitor
            .registry()
            .gather()
            .iter()
            .map(|family| family.get_metric().len())
            .sum()
    }

    /// The log entries so far, in order.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        self.raw_lines()
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::from(line.as_str())))
            .collect()
    }

    /// The log entries so far, as written.
    #[must_use]
    pub fn raw_lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }

    /// The failures captured so far, in order.
    #[must_use]
    pub fn errors(&self) -> Vec<ErrorEvent> {
        lock(&self.errors).clone()
    }

    /// The alerts that would have been sent so far, in order: those that are folded are left out.
    #[cfg(feature = "alerts")]
    #[must_use]
    pub fn alerts(&self) -> Vec<crate::AlertNotice> {
        lock(&self.alerts).clone()
    }

    /// The exchanges, jobs and steps that are over, in the order in which they ended, as their closing log entries
    /// tell them.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.lines().iter().filter_map(Span::of).collect()
    }

    /// Sends the `tracing` events of every test monitor's exchanges, jobs and steps to its [`lines`](Self::lines).
    ///
    /// Installs one subscriber for the process, at the first call, which serves all test monitors at once; nothing
    /// happens where the tests have a global subscriber of their own.
    pub fn capture_events() {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| {
            let routing = tracing_subscriber::registry().with(LogLayer::routing());
            // A subscriber of the tests' own stays.
            let _ = tracing::subscriber::set_global_default(routing);
        });
    }

    fn values<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Vec<f64> {
        let labels: Vec<_> = labels.into_iter().collect();
        metrics::samples(self.monitor.registry())
            .into_iter()
            .filter(|sample| {
                sample.name == name
                    && labels
                        .iter()
                        .all(|(key, value)| sample.labels.get(*key).is_some_and(|own| own == value))
            })
            .map(|sample| sample.value)
            .collect()
    }
}

impl std::ops::Deref for TestMonitor {
    type Target = Monitor;

    fn deref(&self) -> &Monitor {
        &self.monitor
    }
}

/// An exchange, job or step that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// The step's name, `job`, or the request's method and route.
    pub name: String,
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// 16 hex digits, where there is a parent.
    pub parent_span_id: Option<String>,
    /// Whether it ended well.
    pub succeeded: bool,
}

impl Span {
    fn of(line: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let metadata = &line["metadata"];
        let message = line["message"].as_str()?;
        let name = match message {
            "Request completed" => format!(
                "{} {}",
                metadata["method"].as_str()?,
                metadata["route"].as_str()?
            ),
            // One that is tried again or goes back to the queue is not over.
            "Job failed" if matches!(metadata["status"].as_str(), None | Some("QUEUED")) => {
                return None;
            }
            "Job completed" | "Job failed" => "job".to_owned(),
            "Step completed" | "Step failed" => text(&metadata["step"])?,
            _ => return None,
        };
        Some(Self {
            name,
            trace_id: text(&line["traceId"])?,
            span_id: text(&line["spanId"])?,
            parent_span_id: text(&metadata["parentSpanId"]),
            succeeded: line["level"] == "info",
        })
    }
}

fn unreachable_settings(error: &BuildError) -> ! {
    // The settings above are literals that `build` takes.
    unreachable!("{error}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
