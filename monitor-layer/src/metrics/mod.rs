//! Numbers: what is counted and timed, and how it comes into a `prometheus::Registry`.

mod business;
mod catalog;
mod counter;
#[cfg(any(feature = "server", feature = "testing"))]
mod exposition;
mod family;
mod histogram;
mod http;
mod job;
mod register;
mod samples;
mod step;

use std::sync::Arc;
#[cfg(feature = "server")]
use std::time::Duration;

use prometheus::{Registry, proto::MetricFamily};

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
    samples::{Samples, closed, single},
};
pub use self::{
    business::{Business, InvalidAmount, Queue, Revenue},
    http::HttpMetrics,
    job::JobStatus,
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
    pub(crate) http: HttpMetrics,
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
            http: options.http,
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
        self.http.clone().register(registry)?;
        let collected = Arc::clone(self);
        register(registry, &catalog::BESIDE_HTTP, move || collected.collect())?;
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

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = Vec::with_capacity(catalog::BESIDE_HTTP.len());
        self.collect_steps(&mut families);
        self.collect_jobs(&mut families);
        self.collect_business(&mut families);
        self.collect_health(&mut families);
        self.collect_telemetry(&mut families);
        families
    }

    fn collect_steps(&self, families: &mut Vec<MetricFamily>) {
        let mut durations = Samples::of(&catalog::STEP_DURATION);
        let mut active = Samples::of(&catalog::STEPS_ACTIVE);
        self.steps.each(|[step], measured| {
            // The ends first: nothing has ended then that has not started.
            let mut ended = 0;
            for (status, duration) in StepStatus::ALL.iter().zip(&measured.durations) {
                let snapshot = duration.snapshot();
                ended += snapshot.count();
                durations.add_histogram(&[step, status.as_str()], &snapshot);
            }
            active.add(&[step], measured.active(ended) as f64);
        });
        families.extend([durations.family(), active.family()]);
    }

    fn collect_jobs(&self, families: &mut Vec<MetricFamily>) {
        let mut durations = Samples::of(&catalog::JOB_DURATION);
        self.jobs.each(|[niche], measured| {
            for (status, duration) in JobStatus::ENDS.iter().zip(&measured.0) {
                durations.add_histogram(&[status.as_str(), niche], &duration.snapshot());
            }
        });
        let mut waits = Samples::of(&catalog::JOB_QUEUE_WAIT);
        self.job_waits.each(|[niche], waited| {
            waits.add_histogram(&[niche], &waited.snapshot());
        });
        families.extend([durations.family(), waits.family()]);
        if let Some(depth) = self.queue.depth.value() {
            families.push(single(&catalog::JOB_QUEUE_DEPTH, depth));
        }
        let jobs = JobStatus::ALL.iter().zip(&self.queue.jobs);
        families.push(closed(
            &catalog::JOBS_BY_STATUS,
            jobs.filter_map(|(status, count)| Some((status.as_str(), count.value()?))),
        ));
    }

    fn collect_business(&self, families: &mut Vec<MetricFamily>) {
        let business = &self.business;
        let mut costs = Samples::of(&catalog::JOB_COST);
        business
            .job_costs
            .each(|labels, cost| costs.add(&labels, cost.value()));
        let mut signups = Samples::of(&catalog::SIGNUPS);
        business
            .signups
            .each(|labels, count| signups.add(&labels, count.value() as f64));
        let mut conversions = Samples::of(&catalog::CONVERSIONS);
        business
            .conversions
            .each(|labels, count| conversions.add(&labels, count.value() as f64));
        let by_type = |amounts: &[counter::Amounts; Revenue::ALL.len()]| {
            [0, 1].map(|at| (Revenue::ALL[at].as_str(), amounts[at].value()))
        };
        families.extend([
            costs.family(),
            single(&catalog::CREDITS_USED, business.credits_used.value()),
            closed(&catalog::REVENUE, by_type(&business.revenue)),
            closed(&catalog::REFUNDS, by_type(&business.refunds)),
            signups.family(),
            conversions.family(),
        ]);
    }

    fn collect_health(&self, families: &mut Vec<MetricFamily>) {
        let mut status = Samples::of(&catalog::HEALTH_STATUS);
        let mut durations = Samples::of(&catalog::HEALTH_DURATION);
        self.health.each(|labels, measured| {
            if let Some(healthy) = measured.status.value() {
                status.add(&labels, healthy);
                durations.add_histogram(&labels, &measured.duration.snapshot());
            }
        });
        families.extend([status.family(), durations.family()]);
    }

    fn collect_telemetry(&self, families: &mut Vec<MetricFamily>) {
        let errors = Category::ALL.iter().zip(&self.errors);
        let dropped = Signal::ALL.iter().zip(&self.dropped);
        let mut overflows = Samples::of(&catalog::LABEL_OVERFLOW);
        let business = &self.business;
        self.jobs
            .overflows()
            .chain(self.job_waits.overflows())
            .chain(business.job_costs.overflows())
            .chain(business.signups.overflows())
            .chain(business.conversions.overflows())
            .for_each(|(metric, label, count)| overflows.add(&[metric, label], count as f64));
        let mut build = Samples::of(&catalog::BUILD_INFO);
        build.add(&self.build.each_ref().map(String::as_str), 1.0);
        families.extend([
            closed(
                &catalog::ERRORS,
                errors.map(|(category, count)| (category.as_str(), count.value() as f64)),
            ),
            closed(
                &catalog::TELEMETRY_DROPPED,
                dropped.map(|(signal, count)| (signal.as_str(), count.value() as f64)),
            ),
            overflows.family(),
            build.family(),
        ]);
        for (definition, gauge) in [
            (&catalog::SCRAPE_DURATION, &self.scrape_seconds),
            (&catalog::SCRAPE_SIZE, &self.scrape_bytes),
        ] {
            families.extend(gauge.value().map(|value| single(definition, value)));
        }
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
