//! What is said of exporting spans, and the exporter that comes of it.

mod settings;

use std::{sync::Arc, time::Duration};

pub(super) use self::settings::OtlpSettings;
use super::{BuildError, InvalidSetting, MonitorBuilder};
use crate::{
    metrics::Metrics,
    redact::Redactor,
    trace::otlp::{Exporter, ExporterOptions, InvalidOtlp, Keep, Otlp},
};

/// What the builder was told.
#[derive(Default)]
pub(super) struct OtlpOptions {
    export: Option<Otlp>,
    keep: Keep,
}

impl OtlpOptions {
    /// From when on an exchange is slow.
    pub(super) fn slower_than(&self) -> Option<Duration> {
        self.keep.slower_than
    }
}

impl MonitorBuilder {
    /// Exports sampled exchanges, jobs, steps and spans, instead of what `OTEL_EXPORTER_OTLP_ENDPOINT` and its like say.
    pub fn otlp(mut self, otlp: Otlp) -> Self {
        self.otlp.export = Some(otlp);
        self
    }

    /// Whether an exchange or a job that fails or panics is exported with its steps though it is not sampled; it is so
    /// by default.
    ///
    /// An exchange that is not sampled keeps a short note of at most 64 steps until it is over. `tracing` spans and
    /// events of one that is not sampled are in its log lines alone.
    pub fn keep_failed_traces(mut self, keep: bool) -> Self {
        self.otlp.keep.failures = keep;
        self
    }

    /// Exports an exchange or a job that takes at least this long with its steps, though it is not sampled.
    ///
    /// ```
    /// use std::time::Duration;
    /// use monitor_layer::{Monitor, Otlp};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .otlp(Otlp::new("http://localhost:4318"))
    ///     .keep_traces_slower_than(Duration::from_secs(2))
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn keep_traces_slower_than(mut self, limit: Duration) -> Self {
        self.otlp.keep.slower_than = Some(limit);
        self
    }
}

/// What an exporter tells of where its spans come from.
pub(super) struct Source<'a> {
    pub(super) service: &'a str,
    pub(super) version: Option<&'a str>,
    pub(super) env: &'a str,
}

/// The exporter, where there is to be one.
pub(super) fn exporter(
    options: OtlpOptions,
    settings: OtlpSettings,
    source: &Source<'_>,
    metrics: &Arc<Metrics>,
) -> Result<Option<Exporter>, BuildError> {
    let from_builder = options.export.is_some();
    let (otlp, variables) = match settings.export {
        _ if settings.disabled => return Ok(None),
        Some((otlp, variables)) => (options.export.unwrap_or(otlp), variables),
        None => match options.export {
            Some(otlp) => (otlp, settings::Variables::default()),
            None => return Ok(None),
        },
    };
    let options = ExporterOptions {
        otlp,
        service: source.service.into(),
        version: source.version.map(str::to_owned),
        env: source.env.into(),
        resource: settings.resource,
        keep: options.keep,
    };
    Exporter::new(options, metrics)
        .map(Some)
        .map_err(|invalid| {
            let (is_header, problem) = match invalid {
                InvalidOtlp::Endpoint(endpoint) => {
                    let shown = Redactor::default().text(&endpoint).into_owned();
                    (false, format!("is {shown:?}"))
                }
                InvalidOtlp::HeaderName(name) => {
                    (true, format!("has {name:?}, which is no header"))
                }
                InvalidOtlp::HeaderValue(name) => (
                    true,
                    format!("has a value for {name} that no header can have"),
                ),
                InvalidOtlp::Refused(reason) => (false, format!("cannot be used: {reason}")),
                InvalidOtlp::Thread(error) => return BuildError::OtlpThread(error),
            };
            if from_builder {
                return BuildError::Otlp(problem);
            }
            BuildError::Setting(match is_header {
                true => InvalidSetting {
                    variable: variables.headers,
                    problem,
                    expected: "pairs key=value divided by commas, of HTTP header names and values",
                },
                false => InvalidSetting {
                    variable: variables.endpoint,
                    problem,
                    expected: "an http or https URL, as http://localhost:4318",
                },
            })
        })
}
