//! Numbers: what is counted and timed, and how it comes into a `prometheus::Registry`.
//!
//! A definition in the [`catalog`] says what there is; an [`instrument`] counts it; a [`family`] finds the instrument
//! of some label values; the [`exposition`] writes all of them at a scrape.

mod active_users;
#[cfg(feature = "alerts")]
mod alerts;
mod append;
#[cfg(feature = "testing")]
pub(crate) mod bench;
mod budget;
mod business;
mod catalog;
mod client;
#[cfg(feature = "server")]
mod connections;
mod expose;
#[cfg_attr(
    not(feature = "server"),
    allow(dead_code, reason = "units are written by a scrape of our own alone")
)]
mod exposition;
mod family;
mod http;
#[cfg_attr(
    not(any(feature = "native-histograms", feature = "server")),
    allow(
        dead_code,
        reason = "exemplars and native buckets are written by what these bring"
    )
)]
mod instrument;
mod job;
mod labels;
mod queue;
mod register;
mod series;
mod step;

use std::sync::Arc;
#[cfg(feature = "server")]
use std::time::Duration;

use prometheus::Registry;
use tracing::Level;

#[cfg(feature = "alerts")]
pub(crate) use self::alerts::{Delivery, DeliveryCounts};
#[cfg(feature = "testing")]
pub(crate) use self::exposition::samples;
#[cfg(feature = "sentry")]
pub(crate) use self::instrument::Counters;
use self::{
    active_users::ActiveUsers,
    business::BusinessMetrics,
    catalog::Definition,
    exposition::Expose,
    family::Family,
    instrument::{Counter, Gauge, Histogram, Layout},
    labels::Labels,
    queue::QueueGauges,
    register::{Description, register},
    series::Series,
};
pub use self::{
    active_users::ActiveWindow,
    business::{Business, InvalidAmount, Revenue},
    http::{HttpExchange, HttpMetrics, HttpMetricsBuilder, LabelValues},
    job::{JobEnd, JobStatus},
    queue::Queue,
    register::RegisterError,
};
pub(crate) use self::{
    active_users::CountActiveUsers,
    http::known_method,
    instrument::Candidate,
    job::JobMetrics,
    step::{StepMetrics, StepStatus},
};
#[cfg(feature = "server")]
pub(crate) use self::{
    connections::OpenConnection,
    exposition::{Format, expose},
    queue::QueueSample,
};
use crate::error::Category;

/// All instruments of a monitor.
pub(crate) struct Metrics {
    pub(crate) http: HttpMetrics,
    client_calls: Family<Series<Histogram>, 3>,
    steps: Family<Arc<StepMetrics>, 1>,
    jobs: Family<Arc<JobMetrics>, 1>,
    job_waits: Family<Series<Histogram>, 1>,
    queue: QueueGauges,
    business: BusinessMetrics,
    active_users: ActiveUsers,
    open_connections: Gauge,
    /// In the order of `Category::ALL`.
    errors: [Counter; Category::ALL.len()],
    #[cfg(feature = "alerts")]
    alerts: Family<Arc<DeliveryCounts>, 2>,
    /// In the order of `Signal::ALL`.
    dropped: [Counter; Signal::ALL.len()],
    suppressed_warnings: Counter,
    suppressed_errors: Counter,
    health: Family<CheckMetrics, 1>,
    scrape_seconds: Gauge,
    scrape_bytes: Gauge,
    build: Labels,
    layouts: Layouts,
    shards: usize,
}

/// What a monitor's metrics are made from.
pub(crate) struct MetricsOptions {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) env: String,
    /// How many values of each open label are told apart.
    pub(crate) label_budget: usize,
    /// `None` leaves it to the request metrics' builder.
    pub(crate) shards: Option<usize>,
    pub(crate) active_users: Option<Arc<CountActiveUsers>>,
    pub(crate) http: HttpMetricsBuilder,
}

/// Of the histograms that are not of requests.
struct Layouts {
    client: Arc<Layout>,
    step: Arc<Layout>,
    job: Arc<Layout>,
    job_wait: Arc<Layout>,
    health: Arc<Layout>,
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
    /// # Errors
    ///
    /// [`RegisterError`] where what is asked of the request metrics cannot be used.
    pub(crate) fn new(options: MetricsOptions) -> Result<Arc<Self>, RegisterError> {
        let budget = options.label_budget;
        let shards = options.shards.unwrap_or(options.http.shards);
        let http = options.http.shards(shards);
        let shards = http.shards;
        let layout = |definition: &Definition| {
            Arc::new(Layout::new(definition.kind, definition.bounds(), shards))
        };
        let build = [
            (catalog::SERVICE.name, &*options.service),
            (catalog::VERSION.name, &*options.version),
            (catalog::ENV.name, &*options.env),
        ];
        Ok(Arc::new(Self {
            build: Labels::new(&[], build),
            http: http.build()?,
            // Groups are named by the user, and statuses have three digits: none of these has a budget.
            client_calls: Family::new(
                &catalog::HTTP_CLIENT_DURATION,
                [catalog::METHOD, catalog::HOST_GROUP, catalog::STATUS_CODE],
                usize::MAX,
            ),
            steps: Family::new(&catalog::STEP_DURATION, [catalog::STEP], budget),
            jobs: Family::new(&catalog::JOB_DURATION, [catalog::NICHE], budget),
            job_waits: Family::new(&catalog::JOB_QUEUE_WAIT, [catalog::NICHE], budget),
            queue: QueueGauges::new(),
            business: BusinessMetrics::new(budget),
            active_users: ActiveUsers::new(options.active_users),
            open_connections: Gauge::default(),
            errors: Default::default(),
            // Channels are named by the code.
            #[cfg(feature = "alerts")]
            alerts: Family::new(
                &catalog::ALERT_NOTIFICATIONS,
                [catalog::CHANNEL, catalog::SEVERITY],
                usize::MAX,
            ),
            dropped: Default::default(),
            suppressed_warnings: Default::default(),
            suppressed_errors: Default::default(),
            health: Family::new(&catalog::HEALTH_STATUS, [catalog::CHECK], budget),
            scrape_seconds: Gauge::default(),
            scrape_bytes: Gauge::default(),
            layouts: Layouts {
                client: layout(&catalog::HTTP_CLIENT_DURATION),
                step: layout(&catalog::STEP_DURATION),
                job: layout(&catalog::JOB_DURATION),
                job_wait: layout(&catalog::JOB_QUEUE_WAIT),
                health: layout(&catalog::HEALTH_DURATION),
            },
            shards,
        }))
    }

    /// Lets a registry gather them.
    pub(crate) fn register(self: &Arc<Self>, registry: &Registry) -> Result<(), RegisterError> {
        let mut descriptions = self.http.instruments().descriptions();
        descriptions.extend(catalog::beside_http().map(Description::of));
        // In one piece, so that a registry which refuses one of them has none.
        register(registry, descriptions, Arc::clone(self) as Arc<dyn Expose>)?;
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
        let steps = self.steps.get_or_make([name], |[name]| {
            Arc::new(StepMetrics::new(name, &self.layouts.step, self.shards))
        });
        Arc::clone(steps)
    }

    /// A user was active.
    pub(crate) fn user_active(&self, id: &str) {
        self.active_users.see(id);
    }

    /// How many parts an instrument has.
    #[cfg(feature = "sentry")]
    pub(crate) fn shards(&self) -> usize {
        self.shards
    }

    /// A failure was captured.
    pub(crate) fn error_captured(&self, category: Category) {
        self.errors[category as usize].add_one();
    }

    /// Something was lost on its way out.
    pub(crate) fn dropped(&self, signal: Signal) {
        self.dropped[signal as usize].add_one();
    }

    /// A warning or an error was one too many of its call site.
    pub(crate) fn line_suppressed(&self, level: Level) {
        let count = match level {
            Level::ERROR => &self.suppressed_errors,
            _ => &self.suppressed_warnings,
        };
        count.add_one();
    }

    /// A health check has an answer, with the time that it took where it was asked.
    #[cfg(feature = "server")]
    pub(crate) fn health_check(&self, check: &str, healthy: bool, took: Option<Duration>) {
        let measured = self.health.get_or_make([check], |[check]| CheckMetrics {
            status: Series::new([(catalog::CHECK.name, check)], Gauge::default()),
            duration: Histogram::new(&self.layouts.health),
        });
        let status = f64::from(u8::from(healthy));
        measured.status.instrument.set(status);
        if let Some(took) = took {
            measured.duration.observe_duration(took, None);
        }
    }

    #[cfg(feature = "server")]
    fn scraped(&self, took: Duration, bytes: usize) {
        self.scrape_seconds.set(took.as_secs_f64());
        self.scrape_bytes.set(bytes as f64);
    }
}

/// What is measured of one health check.
struct CheckMetrics {
    status: Series<Gauge>,
    duration: Histogram,
}
