//! The sink of error events that the settings ask for.

#[cfg(feature = "sentry")]
use super::InvalidSetting;
use super::{BuildError, errors::ErrorOptions, settings::SentrySettings};
#[cfg(feature = "sentry")]
use crate::trace::Threshold;
use std::sync::Arc;

use crate::{error::Sinks, metrics::Metrics, redact::Redactor};

/// The share of traces whose transactions are sent.
#[cfg(feature = "sentry")]
const TRACES_SAMPLE_RATE: f64 = 0.1;

/// What runs, and where, as far as Sentry's own settings do not say otherwise.
#[cfg_attr(not(feature = "sentry"), allow(dead_code, reason = "nobody is told"))]
#[derive(Clone, Copy)]
pub(super) struct Deployed<'a> {
    pub(super) env: &'a str,
    pub(super) version: Option<&'a str>,
}

#[cfg(feature = "sentry")]
pub(super) fn add_sentry(
    sinks: &mut Sinks,
    _warnings: &mut Vec<String>,
    settings: &SentrySettings,
    deployed: Deployed<'_>,
    metrics: &Arc<Metrics>,
    options: &ErrorOptions,
    redactor: &Redactor,
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
            .unwrap_or_else(|| deployed.env.to_owned()),
        release: settings
            .release
            .clone()
            .or_else(|| deployed.version.map(str::to_owned)),
        traces,
        sessions: !options.without_sessions,
        redactor: redactor.clone(),
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
    _deployed: Deployed<'_>,
    _metrics: &Arc<Metrics>,
    _options: &ErrorOptions,
    _redactor: &Redactor,
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
