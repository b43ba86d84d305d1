use std::{error::Error, fmt, ops::Range, panic, sync::Arc};

use super::{
    BuildError, Core, Monitor, Shared,
    core::is_installed,
    errors::ErrorOptions,
    lifetime::Lifetime,
    log_control::LogControl,
    sentry::{Deployed, add_sentry},
    settings::Settings,
};
#[cfg(feature = "server")]
use crate::queue::QueueSampling;
use crate::{
    error::{Capture, Categorize, Classifier, Sinks, on_panic},
    log::{AccessLog, Log, LogWriter, Sink},
    metrics::{ActiveWindow, CountActiveUsers, HttpMetricsBuilder, Metrics, MetricsOptions},
    redact::{Redactor, Word},
    step::SiteTable,
    trace::Sampler,
};

/// Says what a [`Monitor`] is to be. What is set here wins over the environment, the environment over defaults, in
/// whatever order it is said.
#[must_use = "a builder does nothing until `build` or `install`"]
pub struct MonitorBuilder {
    default_service: String,
    service: Option<String>,
    version: Option<String>,
    env: Option<String>,
    log_level: Option<String>,
    pub(super) log_control: LogControl,
    sample_ratio: Option<f64>,
    route_ratios: Vec<(Box<str>, f64)>,
    access_log: AccessLog,
    label_budget: usize,
    metric_shards: Option<usize>,
    active_users: Option<Arc<CountActiveUsers>>,
    registry: Option<prometheus::Registry>,
    http: HttpMetricsBuilder,
    pub(super) classifier: Classifier,
    pub(super) errors: ErrorOptions,
    redacted_keys: Vec<String>,
    redactor: Redactor,
    sink: Option<Sink>,
    log_writer: Option<LogWriter>,
    sinks: Sinks,
    environment: bool,
    #[cfg(feature = "alerts")]
    pub(super) alerts: super::alerts::AlertOptions,
    #[cfg(feature = "otlp")]
    pub(super) otlp: super::otlp::OtlpOptions,
    #[cfg(feature = "server")]
    pub(super) health: super::health::HealthOptions,
    #[cfg(feature = "server")]
    pub(super) queue_sampling: Option<QueueSampling>,
}

impl MonitorBuilder {
    pub(super) fn new(default_service: String) -> Self {
        Self {
            default_service,
            service: None,
            version: None,
            env: None,
            log_level: None,
            log_control: LogControl::default(),
            sample_ratio: None,
            route_ratios: Vec::new(),
            access_log: AccessLog::default(),
            label_budget: 200,
            metric_shards: None,
            active_users: None,
            registry: None,
            http: HttpMetricsBuilder::default(),
            classifier: Classifier::default(),
            errors: ErrorOptions::default(),
            redacted_keys: Vec::new(),
            redactor: Redactor::default(),
            sink: None,
            log_writer: None,
            sinks: Sinks::default(),
            environment: true,
            #[cfg(feature = "alerts")]
            alerts: Default::default(),
            #[cfg(feature = "otlp")]
            otlp: Default::default(),
            #[cfg(feature = "server")]
            health: Default::default(),
            #[cfg(feature = "server")]
            queue_sampling: None,
        }
    }

    /// Fixes the service's name, whatever `SERVICE_NAME` says.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service = Some(name.into());
        self
    }

    /// The version that `build_info` and error events tell; best `env!("CARGO_PKG_VERSION")`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// The environment, instead of `APP_ENV`.
    pub fn env(mut self, env: impl Into<String>) -> Self {
        self.env = Some(env.into());
        self
    }

    /// The lowest level that is logged, or directives as `info,sqlx=warn`, instead of `LOG_LEVEL`.
    pub fn log_level(mut self, level: impl Into<String>) -> Self {
        self.log_level = Some(level.into());
        self
    }

    /// The share of new traces that are sampled, from 0 to 1, instead of `OTEL_TRACES_SAMPLER_ARG`.
    pub fn sample_ratio(mut self, ratio: f64) -> Self {
        self.sample_ratio = Some(ratio);
        self
    }

    /// The share of the traces that begin at this route, by its template as `/jobs/{id}`, whatever the share of others is.
    /// Probes of `/metrics`, `/health` and `/ready` are never sampled.
    ///
    /// ```
    /// let monitor = monitor_layer::Monitor::builder("api")
    ///     .sample_ratio(0.01)
    ///     .sample_route("/checkout/{id}", 1.0)
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn sample_route(mut self, template: impl Into<Box<str>>, ratio: f64) -> Self {
        self.route_ratios.push((template.into(), ratio));
        self
    }

    /// Which request lines are written; both by default.
    pub fn access_log(mut self, access_log: AccessLog) -> Self {
        self.access_log = access_log;
        self
    }

    /// How many values of one open label are told apart, 200 by default; further ones count as `_other`.
    pub fn label_budget(mut self, values: usize) -> Self {
        self.label_budget = values;
        self
    }

    /// How many parts an instrument has at most, 8 by default. Half of them belong to one thread each, the others are
    /// shared by all further threads: more cost memory, fewer let threads wait for each other. From 1 to 256.
    pub fn metric_shards(mut self, shards: usize) -> Self {
        self.metric_shards = Some(shards);
        self
    }

    /// Says how many users of the whole service were active within a window, for `active_users`; `None` shows nothing.
    /// Without it the gauge is this instance's estimate.
    ///
    /// Asked at every scrape, on a thread that may block; keep at hand what takes long to count.
    ///
    /// ```
    /// use monitor_layer::{ActiveWindow, Monitor};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .active_users(|window| (window == ActiveWindow::Day).then_some(17))
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn active_users(
        mut self,
        count: impl Fn(ActiveWindow) -> Option<u64> + Send + Sync + 'static,
    ) -> Self {
        self.active_users = Some(Arc::new(count));
        self
    }

    /// Registers the metrics in a registry of one's own.
    pub fn registry(mut self, registry: prometheus::Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// What is measured of requests, and under which names.
    ///
    /// ```
    /// use monitor_layer::{HttpMetrics, Monitor};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .http_metrics(HttpMetrics::builder().response_sizes().response_start())
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn http_metrics(mut self, http: HttpMetricsBuilder) -> Self {
        self.http = http;
        self
    }

    /// Lets failures of this type, wherever they stand in a chain of sources, tell their own category and code.
    pub fn categorize<E: Error + Categorize + 'static>(mut self) -> Self {
        self.classifier.register::<E>();
        self
    }

    /// Redacts strings under further keys, in every sink: beside `authorization`, `cookie`, `password`, `token`,
    /// `secret`, `apikey` and `dsn`, which always are.
    ///
    /// Each is a word or several, however a key writes them: `credit_card` is also `creditCard` and
    /// `user.credit-card.number`, but not `credit_cards`. Numbers and booleans stay.
    ///
    /// ```
    /// let monitor = monitor_layer::Monitor::builder("api")
    ///     .redact_keys(["ssn", "credit_card"])
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn redact_keys(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.redacted_keys.extend(keys.into_iter().map(Into::into));
        self
    }

    /// Redacts what `find` finds in any text, in every sink: beside bearer tokens, JSON Web Tokens, passwords in URLs
    /// and card numbers, which always are.
    ///
    /// `find` gives the bytes of the first secret in a text, and is then asked for the text after it. It runs for every
    /// text that is logged, on the thread that logs; one that panics takes the text whole. A regular expression's match
    /// fits as it is: `|text| KEYS.find(text).map(|found| found.range())`.
    ///
    /// ```
    /// let monitor = monitor_layer::Monitor::builder("api")
    ///     .redact(|text| {
    ///         let start = text.find("sk_live_")?;
    ///         let length = text[start..].find(' ').unwrap_or(text.len() - start);
    ///         Some(start..start + length)
    ///     })
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn redact(
        mut self,
        find: impl Fn(&str) -> Option<Range<usize>> + Send + Sync + 'static,
    ) -> Self {
        self.redactor.add_finder(find);
        self
    }

    /// Writes log entries as JSON into `writer` instead of stdout.
    pub fn log_to(mut self, writer: impl std::io::Write + Send + 'static) -> Self {
        self.sink = Some(Sink::writer(writer));
        self
    }

    /// Who writes log entries: a thread of its own where the monitor is installed, else whoever logs.
    pub fn log_writer(mut self, writer: LogWriter) -> Self {
        self.log_writer = Some(writer);
        self
    }

    /// Makes the monitor, and touches nothing global: for tests, and for several in one process.
    ///
    /// # Errors
    ///
    /// [`BuildError`] says which setting cannot be used and what it takes.
    pub fn build(self) -> Result<Monitor, BuildError> {
        #[cfg(feature = "alerts")]
        return self.or_alert_of_failed_start(Self::build_alone);
        #[cfg(not(feature = "alerts"))]
        self.build_alone()
    }

    fn build_alone(self) -> Result<Monitor, BuildError> {
        let settings = if self.environment {
            Settings::read(std::env::var_os)?
        } else {
            Settings::default()
        };
        let mut warnings = settings.warnings;
        let env = self
            .env
            .or(settings.env)
            .unwrap_or_else(|| "development".to_owned());
        let service = self
            .service
            .or(settings.service)
            .unwrap_or(self.default_service);
        let level = match self.log_level {
            Some(level) => level.parse()?,
            None => settings.log.unwrap_or_default(),
        };
        let sampler = match self.sample_ratio {
            Some(ratio) => Sampler::ratio(ratio)?,
            None => settings.sampler.unwrap_or_default(),
        };
        let mut redactor = self.redactor;
        for key in self.redacted_keys {
            redactor.add_word(Word::new(&key).ok_or(BuildError::RedactedKey(key))?);
        }
        let mut routes = self.route_ratios.into_iter();
        let sampler = routes.try_fold(sampler, |sampler, (template, ratio)| {
            sampler.route(template, ratio)
        })?;
        let version = self
            .version
            .or(settings.version)
            .or_else(|| settings.sentry.release.clone());
        let metrics = Metrics::new(MetricsOptions {
            service: service.clone(),
            version: version.clone().unwrap_or_default(),
            env: env.clone(),
            label_budget: self.label_budget,
            shards: self.metric_shards,
            active_users: self.active_users,
            http: self.http,
        })?;
        let registry = self.registry.unwrap_or_default();
        metrics.register(&registry)?;
        let mut sinks = self.sinks;
        add_sentry(
            &mut sinks,
            &mut warnings,
            &settings.sentry,
            Deployed {
                env: &env,
                version: version.as_deref(),
            },
            &metrics,
            &self.errors,
            &redactor,
        )?;
        #[cfg(feature = "alerts")]
        let alerts = super::alerts::alerts(self.alerts, settings.alerts, &metrics)?;
        #[cfg(feature = "otlp")]
        let slower_than = self.otlp.slower_than();
        #[cfg(not(feature = "otlp"))]
        let slower_than = None;
        #[cfg(feature = "otlp")]
        let exporter = super::otlp::exporter(
            self.otlp,
            settings.otlp,
            &super::otlp::Source {
                service: &service,
                version: version.as_deref(),
                env: &env,
            },
            &metrics,
        )?;
        #[cfg(feature = "server")]
        let health = self.health.health()?;
        #[cfg(feature = "server")]
        let sampling = self
            .queue_sampling
            .map(QueueSampling::checked)
            .transpose()?;
        let ratio = self.log_control.ratio(slower_than)?;
        let mut log = Log::new(level, self.sink.unwrap_or_else(Sink::for_stdout))
            .limited(self.log_control.repeats()?)
            .thinned(ratio);
        if self.log_writer == Some(LogWriter::Background) {
            let (in_background, error) = log.in_background(&service, &env, &metrics);
            log = in_background;
            warnings.extend(error.map(|error| {
                format!("The log has no thread of its own, so that whoever logs writes: {error}")
            }));
        }
        let shared = Shared {
            env: env.into(),
            sampler,
            registry,
            metrics,
            steps: SiteTable::default(),
            redactor,
            log,
            errors: Capture::new(self.classifier, self.errors.before_send, sinks),
            #[cfg(feature = "alerts")]
            alerts,
            access_log: self.access_log,
            warned_of_second_tracer: Default::default(),
            #[cfg(feature = "otlp")]
            exporter,
            #[cfg(feature = "server")]
            started: std::time::Instant::now(),
            #[cfg(feature = "server")]
            health,
            #[cfg(feature = "server")]
            scrapes: Default::default(),
            #[cfg(feature = "server")]
            shutdown: Default::default(),
            #[cfg(feature = "server")]
            jobs: Default::default(),
        };
        let core = Arc::new(Core::new(service.into(), Arc::new(shared)));
        #[cfg(feature = "alerts")]
        core.alerts.belong_to(&core);
        #[cfg(feature = "otlp")]
        if let Some(exporter) = &core.exporter {
            exporter.belongs_to(&core);
        }
        #[cfg(feature = "server")]
        core.health.keep_asking(&core);
        for warning in warnings {
            core.log.warning(&core, &warning);
        }
        Ok(Monitor {
            lifetime: Arc::new(Lifetime {
                core: Arc::clone(&core),
                #[cfg(feature = "server")]
                _sampling: sampling.map(|sampling| sampling.start(&core)),
            }),
            core,
        })
    }

    /// Makes the monitor and makes it the process's: `tracing` events go to its log, and steps outside of every
    /// exchange and job report to it. Log entries are written by a thread of their own ([`LogWriter::Background`]); a
    /// panic waits up to a tenth of a second for it (two seconds where it aborts the process).
    ///
    /// Call it after a fork, for a forked process has no such thread.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build); and where there is an installed monitor or a global `tracing` subscriber already.
    pub fn install(self) -> Result<Monitor, BuildError> {
        #[cfg(feature = "alerts")]
        return self.or_alert_of_failed_start(Self::install_alone);
        #[cfg(not(feature = "alerts"))]
        self.install_alone()
    }

    fn install_alone(mut self) -> Result<Monitor, BuildError> {
        use tracing_subscriber::{
            Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _,
        };

        if is_installed() {
            return Err(BuildError::MonitorInstalled);
        }
        self.log_writer.get_or_insert(LogWriter::Background);
        let monitor = self.build_alone()?;
        tracing_subscriber::registry()
            .with(monitor.log_layer().with_filter(monitor.log_filter()))
            .try_init()
            .map_err(|_| BuildError::SubscriberInstalled)?;
        monitor.set_global()?;
        flush_on_panic(monitor.core());
        Ok(monitor)
    }

    /// What it comes to, or its error, of which people are told where that is asked for.
    #[cfg(feature = "alerts")]
    fn or_alert_of_failed_start(
        self,
        start: impl FnOnce(Self) -> Result<Monitor, BuildError>,
    ) -> Result<Monitor, BuildError> {
        if !self.alerts.raised_by.failed_start {
            return start(self);
        }
        let options = self.alerts.clone();
        let (service, env) = (self.service.clone(), self.env.clone());
        let (default_service, environment) = (self.default_service.clone(), self.environment);
        start(self).inspect_err(|error| {
            let variable = |name| {
                let value = std::env::var(name).ok().filter(|_| environment)?;
                Some(value.trim().to_owned()).filter(|value| !value.is_empty())
            };
            let read = |name| Ok(variable(name));
            let settings = super::alerts::AlertSettings::read(read).unwrap_or_default();
            let named = || variable("SERVICE_NAME").or_else(|| variable("OTEL_SERVICE_NAME"));
            let service = service.or_else(named);
            let service = service.unwrap_or(default_service);
            let env = env.or_else(|| variable("APP_ENV"));
            let env = env.unwrap_or_else(|| "development".to_owned());
            if let Some(failed) = super::alerts::failed_start(&options, settings, &service, &env) {
                failed.tell(error);
            }
        })
    }

    #[cfg(feature = "testing")]
    pub(crate) fn without_environment(mut self) -> Self {
        self.environment = false;
        self
    }

    #[cfg(feature = "testing")]
    pub(crate) fn sinks(mut self, log: Sink, sinks: Sinks) -> Self {
        self.sink = Some(log);
        self.sinks = sinks;
        self
    }
}

/// After what the process does at a panic so far.
fn flush_on_panic(core: &Arc<Core>) {
    let (core, previous) = (Arc::downgrade(core), panic::take_hook());
    panic::set_hook(Box::new(move |panic| {
        previous(panic);
        if let Some(core) = core.upgrade() {
            on_panic(&core, panic);
            core.log.flush_on_panic(&core);
        }
    }));
}

impl fmt::Debug for MonitorBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MonitorBuilder")
            .field("default_service", &self.default_service)
            .finish_non_exhaustive()
    }
}
