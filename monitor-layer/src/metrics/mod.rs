//! Numbers: what is counted and timed, and how it comes into a `prometheus::Registry`.

mod business;
mod catalog;
mod collect;
mod counter;
#[cfg(any(feature = "server", feature = "testing"))]
mod exposition;
mod family;
mod gathered;
mod histogram;
mod http;
mod job;
mod register;
mod route;

mod step;

use std::sync::Arc;
#[cfg(feature = "server")]
use std::time::Duration;

use prometheus::Registry;

#[cfg(feature = "testing")]
pub(crate) use self::exposition::samples;
pub(crate) use self::step::{StepMetrics, StepStatus};
use self::{
    business::BusinessMetrics,
    counter::{Counter, Gauge},
    family::Family,
    histogram::Histogram,
    job::{JobMetrics, QueueGauges},
    register::register,
};
pub use self::{
    business::{Business, InvalidAmount, Queue, Revenue},
    http::{HttpMetrics, HttpMetricsBuilder},
    job::{JobEnd, JobStatus},
    register::RegisterError,
};
#[cfg(feature = "server")]
pub(crate) use self::{exposition::text, job::QueueSample};
use crate::error::Category;

/// All instruments of a monitor.
pub(crate) struct Metrics {
    pub(crate) http: HttpMetrics,
    steps: Family<StepMetrics, 1>,
    jobs: Family<JobMetrics, 1>,
    job_waits: Family<Histogram, 1>,
    queue: QueueGauges,
    business: BusinessMetrics,
    /// In the order of `Category::ALL`.
    errors: [Counter; Category::ALL.len()],
    /// In the order of `Signal::ALL`.
    dropped: [Counter; Signal::ALL.len()],
    health: Family<CheckMetrics, 1>,
    scrape_seconds: Gauge,
    scrape_bytes: Gauge,
    build: [String; 3],
}

/// What a monitor's metrics are made from.
pub(crate) struct MetricsOptions {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) env: String,
    /// How many values of each open label are told apart.
    pub(crate) label_budget: usize,
    pub(crate) http: HttpMetricsBuilder,
}

/// What can be lost on its way out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    Logs,
    Spans,
    Errors,
    Alerts,
    Observers,
}

impl Signal {
    const ALL: [Self; 5] = [
        Self::Logs,
        Self::Spans,
        Self::Errors,
        Self::Alerts,
        Self::Observers,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Spans => "spans",
            Self::Errors => "errors",
            Self::Alerts => "alerts",
            Self::Observers => "observers",
        }
    }
}

impl Metrics {
    pub(crate) fn new(options: MetricsOptions) -> Arc<Self> {
        let budget = options.label_budget;
        Arc::new(Self {
            http: options.http.build(),
            steps: Family::new(&catalog::STEP_DURATION, [catalog::STEP], budget),
            jobs: Family::new(&catalog::JOB_DURATION, [catalog::NICHE], budget),
            job_waits: Family::new(&catalog::JOB_QUEUE_WAIT, [catalog::NICHE], budget),
            queue: QueueGauges::default(),
            business: BusinessMetrics::new(budget),
            errors: Default::default(),
            dropped: Default::default(),
            health: Family::new(&catalog::HEALTH_STATUS, [catalog::CHECK], budget),
            scrape_seconds: Gauge::default(),
            scrape_bytes: Gauge::default(),
            build: [options.service, options.version, options.env],
        })
    }

    pub(crate) fn register(self: &Arc<Self>, registry: &Registry) -> Result<(), RegisterError> {
        let definitions = [&catalog::HTTP[..], &catalog::BESIDE_HTTP].concat();
        let collected = Arc::clone(self);
        // In one piece, so that a registry which refuses one of them has none.
        register(registry, &definitions, move || {
            let mut families = collected.http.collect();
            families.extend(collected.collect());
            families
        })?;
        #[cfg(target_os = "linux")]
        {
            let process = prometheus::process_collector::ProcessCollector::for_self();
            // One that is there already measures the same process.
            let _ = registry.register(Box::new(process));
        }
        Ok(())
    }

    /// The instruments of a step, to be kept at its call site.
    pub(crate) fn step(&self, name: &str) -> Arc<StepMetrics> {
        self.steps.get_or_make([name], StepMetrics::new)
    }

    /// A failure was captured.
    pub(crate) fn error_captured(&self, category: Category) {
        self.errors[category as usize].add_one();
    }

    /// Something was lost on its way out.
    pub(crate) fn dropped(&self, signal: Signal) {
        self.dropped[signal as usize].add_one();
    }

    /// A health check has an answer.
    #[cfg(feature = "server")]
    pub(crate) fn health_check(&self, check: &str, healthy: bool, took: Duration) {
        self.health.with([check], CheckMetrics::new, |measured| {
            measured.status.set(f64::from(u8::from(healthy)));
            measured.duration.observe_duration(took);
        });
    }

    #[cfg(feature = "server")]
    fn scraped(&self, took: Duration, bytes: usize) {
        self.scrape_seconds.set(took.as_secs_f64());
        self.scrape_bytes.set(bytes as f64);
    }
}

/// What is measured of one health check.
struct CheckMetrics {
    status: Gauge,
    duration: Histogram,
}

#[cfg(feature = "server")]
impl CheckMetrics {
    fn new() -> Self {
        Self {
            status: Gauge::default(),
            duration: Histogram::new(&catalog::HEALTH_DURATION),
        }
    }
}
