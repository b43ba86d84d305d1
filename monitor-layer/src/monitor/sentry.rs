//! The sink of error events that the settings ask for.

#[cfg(feature = "sentry")]
use super::InvalidSetting;
use super::{BuildError, errors::ErrorOptions, settings::SentrySettings};
#[cfg(feature = "sentry")]
use crate::trace::Threshold;
use std::sync::Arc;

use crate::{error::Sinks, metrics::Metrics};

/// The share of traces whose transactions are sent.
#[cfg(feature = "sentry")]
const TRACES_SAMPLE_RATE: f64 = 0.1;

#[cfg(feature = "sentry")]
pub(super) fn add_sentry(
    sinks: &mut Sinks,
    _warnings: &mut Vec<String>,
    settings: &SentrySettings,
    env: &str,
    version: Option<&str>,
    metrics: &Arc<Metrics>,
    options: &ErrorOptions,
) -> Result<(), BuildError> {
    sinks.isolate = options.isolate;
    let rate = options.traces_sample_rate.or(settings.traces_sample_rate);
    let traces = Threshold::of(rate.unwrap_or(TRACES_SAMPLE_RATE))
        .map_err(BuildError::SentryTracesSampleRate)?;
    let Some(dsn) = options.sentry_dsn.as_ref().or(settings.dsn.as_ref()) else {
        return Ok(());
    };
    // The text stays out of the error: a DSN holds a key.
    let dsn = dsn.parse().map_err(|_| InvalidSetting {
        variable: "SENTRY_DSN",
        problem: "is no DSN".to_owned(),
        expected: "https://<key>@<host>/<project>",
    })?;
    let settings = crate::error::SentrySettings {
        dsn,
        environment: settings
            .environment
            .clone()
            .unwrap_or_else(|| env.to_owned()),
        release: settings
            .release
            .clone()
            .or_else(|| version.map(str::to_owned)),
        traces,
        sessions: !options.without_sessions,
    };
    let sink = crate::error::SentrySink::new(settings, metrics)
        .map_err(|error| BuildError::SentryThread(error.to_string()))?;
    sinks.sentry = Some(sink);
    Ok(())
}

#[cfg(not(feature = "sentry"))]
pub(super) fn add_sentry(
    _sinks: &mut Sinks,
    warnings: &mut Vec<String>,
    settings: &SentrySettings,
    _env: &str,
    _version: Option<&str>,
    _metrics: &Arc<Metrics>,
    _options: &ErrorOptions,
) -> Result<(), BuildError> {
    let _ = settings.traces_sample_rate;
    if settings.dsn.is_some() {
        warnings.push(
            "SENTRY_DSN is set, but this build has no `sentry` feature: it changes nothing"
                .to_owned(),
        );
    }
    Ok(())
}
