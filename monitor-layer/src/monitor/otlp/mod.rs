//! What is said of exporting spans, and the exporter that comes of it.

use std::{sync::Arc, time::Duration};

use super::{BuildError, InvalidSetting, MonitorBuilder};
use crate::{
    metrics::Metrics,
    redact::Redactor,
    trace::otlp::{Exporter, ExporterOptions, InvalidOtlp, Keep, Otlp, parse_headers},
};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";
const DISABLED: &str = "OTEL_SDK_DISABLED";

/// What the builder was told.
#[derive(Default)]
pub(super) struct OtlpOptions {
    export: Option<Otlp>,
    keep: Keep,
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

/// What the environment says.
#[derive(Debug, Default)]
pub(super) struct OtlpSettings {
    export: Option<Otlp>,
    disabled: bool,
    /// All of `OTEL_RESOURCE_ATTRIBUTES`.
    pub(super) resource: Vec<(String, String)>,
}

impl OtlpSettings {
    pub(super) fn read(
        text: impl Fn(&'static str) -> Result<Option<String>, InvalidSetting>,
        warnings: &mut Vec<String>,
    ) -> Result<Self, InvalidSetting> {
        let disabled = text(DISABLED)?.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let Some(endpoint) = text(ENDPOINT)?.filter(|_| !disabled) else {
            return Ok(Self {
                disabled,
                ..Self::default()
            });
        };
        if let Some(protocol) = text(PROTOCOL)?
            && protocol != "http/protobuf"
        {
            warnings.push(format!(
                "{PROTOCOL} is {protocol:?}; spans are exported by http/protobuf all the same, which collectors take at \
                 port 4318"
            ));
        }
        let mut otlp = Otlp::new(endpoint);
        if let Some(headers) = text(HEADERS)? {
            // What could not be read may be a key: it is not shown.
            otlp.headers = parse_headers(&headers).ok_or_else(|| InvalidSetting {
                variable: HEADERS,
                problem: "has a part that is no pair".to_owned(),
                expected: "pairs key=value divided by commas, values percent-encoded",
            })?;
        }
        if let Some(timeout) = text(TIMEOUT)? {
            let milliseconds = timeout.parse().ok().filter(|number| *number > 0);
            let milliseconds = milliseconds.ok_or_else(|| InvalidSetting {
                variable: TIMEOUT,
                problem: format!("is {timeout:?}"),
                expected: "a number of milliseconds above 0",
            })?;
            otlp.timeout = Duration::from_millis(milliseconds);
        }
        Ok(Self {
            export: Some(otlp),
            ..Self::default()
        })
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
    let Some(otlp) = options
        .export
        .or(settings.export)
        .filter(|_| !settings.disabled)
    else {
        return Ok(None);
    };
    let options = ExporterOptions {
        otlp,
        service: source.service.into(),
        version: source.version.map(str::to_owned),
        env: source.env.into(),
        resource: settings.resource,
        keep: options.keep,
    };
    match Exporter::new(options, metrics) {
        Ok(exporter) => Ok(Some(exporter)),
        Err(invalid) if from_builder => Err(BuildError::Otlp(problem(&invalid).1)),
        Err(invalid) => {
            let (variable, problem) = problem(&invalid);
            Err(InvalidSetting {
                variable,
                problem,
                expected: match variable {
                    HEADERS => "pairs key=value divided by commas, of HTTP header names and values",
                    _ => "an http or https URL, as http://localhost:4318",
                },
            }
            .into())
        }
    }
}

/// The variable that is to blame, and what is wrong with it.
fn problem(invalid: &InvalidOtlp) -> (&'static str, String) {
    match invalid {
        InvalidOtlp::Endpoint(endpoint) => {
            let shown = Redactor::default().text(endpoint);
            (ENDPOINT, format!("is {shown:?}"))
        }
        InvalidOtlp::HeaderName(name) => (HEADERS, format!("has {name:?}, which is no header")),
        InvalidOtlp::HeaderValue(name) => {
            let problem = format!("has a value for {name} that no header can have");
            (HEADERS, problem)
        }
        InvalidOtlp::Refused(reason) => (ENDPOINT, format!("cannot be used: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (Result<OtlpSettings, InvalidSetting>, Vec<String>) {
        let mut warnings = Vec::new();
        let text = |variable| {
            let mut pairs = pairs.iter();
            let known = pairs.find(|(name, _)| *name == variable);
            Ok(known.map(|(_, value)| (*value).to_owned()))
        };
        (OtlpSettings::read(text, &mut warnings), warnings)
    }

    #[test]
    fn an_endpoint_switches_the_export_on_and_the_sdk_s_switch_off() {
        let endpoint = (ENDPOINT, "http://localhost:4318");
        assert!(read(&[endpoint]).0.unwrap().export.is_some());
        assert!(read(&[]).0.unwrap().export.is_none());
        let off = read(&[endpoint, (DISABLED, "TRUE")]).0.unwrap();
        assert!(off.export.is_none() && off.disabled);
        let on = read(&[endpoint, (DISABLED, "false")]).0.unwrap();
        assert!(on.export.is_some());
    }

    #[test]
    fn grpc_warns_and_means_http() {
        let endpoint = (ENDPOINT, "http://localhost:4317");
        let (settings, warnings) = read(&[endpoint, (PROTOCOL, "grpc")]);
        assert!(settings.unwrap().export.is_some());
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("http/protobuf"), "{warnings:?}");
        assert_eq!(read(&[endpoint, (PROTOCOL, "http/protobuf")]).1.len(), 0);
    }

    #[test]
    fn headers_that_are_none_stop_the_start_without_being_shown() {
        let endpoint = (ENDPOINT, "http://localhost:4318");
        let error = read(&[endpoint, (HEADERS, "s3cret")]).0.unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert!(error.to_string().starts_with(HEADERS), "{error}");
        let headers = read(&[endpoint, (HEADERS, "key=v")]).0.unwrap().export;
        assert_eq!(
            headers.unwrap().headers,
            [("key".to_owned(), "v".to_owned())]
        );
    }

    #[test]
    fn a_timeout_is_milliseconds() {
        let endpoint = (ENDPOINT, "http://localhost:4318");
        let timeout = |text| read(&[endpoint, (TIMEOUT, text)]).0;
        let settings = timeout("250").unwrap().export.unwrap();
        assert_eq!(settings.timeout, Duration::from_millis(250));
        for bad in ["0", "-1", "soon"] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
    }
}
