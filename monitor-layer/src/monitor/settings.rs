use std::{ffi::OsString, fmt};

use crate::{log::Directives, trace::Sampler};

/// A variable of the environment that is set but cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidSetting {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong with it; never a secret's value.
    pub problem: String,
    /// What it takes.
    pub expected: &'static str,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {}; expected {}",
            self.variable, self.problem, self.expected
        )
    }
}

impl std::error::Error for InvalidSetting {}

/// What the environment says; `None` where it says nothing.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) service: Option<String>,
    pub(super) version: Option<String>,
    pub(super) env: Option<String>,
    pub(super) log: Option<Directives>,
    pub(super) sampler: Option<Sampler>,
    pub(super) sentry: SentrySettings,
    #[cfg(feature = "otlp")]
    pub(super) otlp: super::otlp::OtlpSettings,
    #[cfg(feature = "alerts")]
    pub(super) alerts: super::alerts::AlertSettings,
    /// What the user should hear of once the log stands.
    pub(super) warnings: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct SentrySettings {
    pub(super) dsn: Option<String>,
    #[cfg(feature = "sentry")]
    pub(super) environment: Option<String>,
    pub(super) traces_sample_rate: Option<f64>,
    pub(super) release: Option<String>,
}

/// Variables of parts that this build does not have, and what would bring them.
const UNAVAILABLE: &[(&str, &str)] = &[
    #[cfg(not(feature = "otlp"))]
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp"),
    #[cfg(not(feature = "otlp"))]
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "otlp"),
    #[cfg(not(feature = "alerts"))]
    ("SLACK_WEBHOOK_URL", "alerts"),
    #[cfg(not(feature = "alerts"))]
    ("PAGERDUTY_ROUTING_KEY", "alerts"),
    #[cfg(not(feature = "alerts"))]
    ("ALERTMANAGER_URL", "alerts"),
    ("MONITOR_TOKEN", "page"),
];

const RATIO: &str = "a number from 0 to 1";

impl Settings {
    pub(super) fn read(
        lookup: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Self, InvalidSetting> {
        let text = |variable| text(variable, lookup(variable));
        let resource = resource_attributes(text("OTEL_RESOURCE_ATTRIBUTES")?.as_deref())?;
        let mut warnings = Vec::new();
        #[cfg(feature = "otlp")]
        let mut otlp = super::otlp::OtlpSettings::read(text, &mut warnings)?;
        #[cfg(feature = "otlp")]
        {
            otlp.resource = resource.all;
        }
        let settings = Self {
            service: text("SERVICE_NAME")?
                .or(text("OTEL_SERVICE_NAME")?)
                .or(resource.service),
            version: resource.version,
            env: text("APP_ENV")?.or(resource.env),
            log: lookup("LOG_LEVEL").and_then(|level| {
                let level = level.to_string_lossy();
                let level = level.trim();
                (!level.is_empty()).then(|| {
                    level.parse().unwrap_or_else(|error| {
                        warnings.push(format!("LOG_LEVEL cannot be used: {error}; info is used"));
                        Directives::default()
                    })
                })
            }),
            sampler: text("OTEL_TRACES_SAMPLER_ARG")?
                .map(|ratio| sampler("OTEL_TRACES_SAMPLER_ARG", &ratio))
                .transpose()?,
            sentry: SentrySettings {
                dsn: text("SENTRY_DSN")?,
                #[cfg(feature = "sentry")]
                environment: text("SENTRY_ENVIRONMENT")?,
                // Read without the part that it is for, too: one that cannot be used is told of all the same.
                traces_sample_rate: text("SENTRY_TRACES_SAMPLE_RATE")?
                    .map(|rate| ratio("SENTRY_TRACES_SAMPLE_RATE", &rate))
                    .transpose()?,
                release: text("SENTRY_RELEASE")?,
            },
            #[cfg(feature = "otlp")]
            otlp,
            #[cfg(feature = "alerts")]
            alerts: super::alerts::AlertSettings::read(text)?,
            warnings: Vec::new(),
        };
        for &(variable, part) in UNAVAILABLE {
            if lookup(variable).is_some_and(|value| !value.is_empty()) {
                warnings.push(format!(
                    "{variable} is set, but this build has no `{part}` feature: it changes nothing"
                ));
            }
        }
        Ok(Self {
            warnings,
            ..settings
        })
    }
}

fn sampler(variable: &'static str, text: &str) -> Result<Sampler, InvalidSetting> {
    Sampler::ratio(ratio(variable, text)?).map_err(|_| unusable(variable, text))
}

fn ratio(variable: &'static str, text: &str) -> Result<f64, InvalidSetting> {
    let ratio = text.trim().parse().ok();
    ratio
        .filter(|ratio| (0.0..=1.0).contains(ratio))
        .ok_or_else(|| unusable(variable, text))
}

fn unusable(variable: &'static str, text: &str) -> InvalidSetting {
    InvalidSetting {
        variable,
        problem: format!("is {text:?}"),
        expected: RATIO,
    }
}

/// A variable that is set to nothing is as if it were not set, as OpenTelemetry has it.
fn text(variable: &'static str, value: Option<OsString>) -> Result<Option<String>, InvalidSetting> {
    match value.map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(Err(_)) => Err(InvalidSetting {
            variable,
            problem: "is not UTF-8".to_owned(),
            expected: "a text",
        }),
    }
}

#[derive(Default)]
struct Resource {
    service: Option<String>,
    version: Option<String>,
    env: Option<String>,
    #[cfg(feature = "otlp")]
    all: Vec<(String, String)>,
}

fn resource_attributes(text: Option<&str>) -> Result<Resource, InvalidSetting> {
    let mut resource = Resource::default();
    for pair in text.unwrap_or_default().split(',').map(str::trim) {
        if pair.is_empty() {
            continue;
        }
        let (key, value) = pair.split_once('=').ok_or_else(|| InvalidSetting {
            variable: "OTEL_RESOURCE_ATTRIBUTES",
            problem: format!("has {pair:?}"),
            expected: "pairs key=value divided by commas",
        })?;
        let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        #[cfg(feature = "otlp")]
        resource
            .all
            .extend(value.clone().map(|value| (key.trim().to_owned(), value)));
        match key.trim() {
            "service.name" => resource.service = value,
            "service.version" => resource.version = value,
            "deployment.environment.name" => resource.env = value,
            "deployment.environment" if resource.env.is_none() => resource.env = value,
            _ => {}
        }
    }
    Ok(resource)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, InvalidSetting> {
        Settings::read(|variable| {
            pairs
                .iter()
                .find(|(name, _)| *name == variable)
                .map(|(_, value)| value.into())
        })
    }

    #[test]
    fn service_name_wins_over_opentelemetry_s_which_wins_over_the_resource() {
        let resource = (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=c,service.version=1.2",
        );
        let otel = ("OTEL_SERVICE_NAME", "b");
        let own = ("SERVICE_NAME", "a");
        let service = |pairs: &[_]| read(pairs).unwrap().service.unwrap();
        assert_eq!(service(&[resource]), "c");
        assert_eq!(service(&[resource, otel]), "b");
        assert_eq!(service(&[resource, otel, own]), "a");
        assert_eq!(read(&[resource]).unwrap().version.unwrap(), "1.2");
    }

    #[test]
    fn an_empty_variable_is_as_if_it_were_not_set() {
        let settings = read(&[("SERVICE_NAME", " "), ("OTEL_TRACES_SAMPLER_ARG", "")]).unwrap();
        assert!(settings.service.is_none());
        assert!(settings.sampler.is_none());
    }

    #[test]
    fn an_unusable_ratio_stops_the_start_and_says_why() {
        for variable in ["OTEL_TRACES_SAMPLER_ARG", "SENTRY_TRACES_SAMPLE_RATE"] {
            for bad in ["1.5", "-0.1", "NaN", "ten"] {
                let error = read(&[(variable, bad)]).unwrap_err();
                assert_eq!(
                    error.to_string(),
                    format!("{variable} is {bad:?}; expected a number from 0 to 1")
                );
            }
        }
    }

    #[test]
    fn a_bad_log_level_warns_and_means_info() {
        for bad in ["loud", "info,sqlx", "sqlx=loud"] {
            let settings = read(&[("LOG_LEVEL", bad)]).unwrap();
            assert_eq!(settings.warnings.len(), 1, "{bad}");
            let filter = settings.log.unwrap();
            assert!(filter.enable("any", Level::INFO), "{bad}");
            assert!(!filter.enable("any", Level::DEBUG), "{bad}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_log_level_that_is_no_text_warns_and_means_info() {
        use std::os::unix::ffi::OsStringExt as _;

        let settings = Settings::read(|variable| {
            (variable == "LOG_LEVEL").then(|| OsString::from_vec(vec![0xff]))
        })
        .unwrap();
        assert_eq!(settings.warnings.len(), 1);
        assert!(settings.log.unwrap().enable("any", Level::INFO));
    }

    #[test]
    fn a_variable_of_a_part_that_is_not_built_warns_without_its_value() {
        let settings = read(&[("MONITOR_TOKEN", "s3cret")]).unwrap();
        assert_eq!(
            settings.warnings,
            ["MONITOR_TOKEN is set, but this build has no `page` feature: it changes nothing"]
        );
    }
}
