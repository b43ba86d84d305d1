use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use super::{
    AlertOptions, AlertSettings, OwnSink,
    settings::{ALERTMANAGER, PAGERDUTY, SLACK},
};
use crate::{
    AlertNotice, AlertSeverity, AlertSink, Alertmanager, DeliveryError, PagerDuty, Retries, Slack,
    alert::{Alerts, FailedStart, InvalidAddress, NewChannel, Pace},
    metrics::{Metrics, MetricsOptions},
    monitor::{BuildError, InvalidSetting},
};

/// The shortest time in which the same alert is not told again: what is raised in a loop must not be a storm.
const SHORTEST_REPEAT: Duration = Duration::from_secs(1);

/// # Errors
///
/// Where a channel cannot be used, or has no thread.
pub(in crate::monitor) fn alerts(
    options: AlertOptions,
    settings: AlertSettings,
    metrics: &Arc<Metrics>,
) -> Result<Alerts, BuildError> {
    let pace = pace(&options);
    let memory = options.memory.clone().map(|told| (told, pace));
    let raised_by = options.raised_by;
    let channels = channels(options, settings, pace)?;
    Alerts::start(channels, memory, raised_by, metrics)
        .map_err(|error| BuildError::AlertThread(error.to_string()))
}

/// What tells of a failed start, where it is asked for: by channels of its own, and settings that may be read.
pub(in crate::monitor) fn failed_start(
    options: &AlertOptions,
    settings: AlertSettings,
    service: &str,
    env: &str,
) -> Option<FailedStart> {
    // Nobody gathers these.
    let metrics = Metrics::new(MetricsOptions {
        service: service.to_owned(),
        version: String::new(),
        env: env.to_owned(),
        label_budget: 1,
        shards: None,
        active_users: None,
        http: Default::default(),
    });
    Some(FailedStart {
        alerts: alerts(options.clone(), settings, &metrics.ok()?).ok()?,
        service: service.into(),
        env: env.into(),
    })
}

fn pace(options: &AlertOptions) -> Pace {
    let usual = Pace::default();
    let backoff = options
        .backoff
        .map(|(first, longest)| Retries::up_to(u32::MAX).backoff(first, longest));
    Pace {
        repeat: options.repeat.unwrap_or(usual.repeat).max(SHORTEST_REPEAT),
        longest: options.longest.unwrap_or(usual.longest),
        backoff: backoff.unwrap_or(usual.backoff),
        ..usual
    }
}

/// Those that are told of alerts. All that are set have to be usable, those that an Alertmanager stands in for as well.
fn channels(
    options: AlertOptions,
    settings: AlertSettings,
    pace: Pace,
) -> Result<Vec<NewChannel>, BuildError> {
    let (slack, source) = either(options.slack, settings.slack_webhook_url, Slack::new, SLACK);
    let slack = slack.map(|slack| {
        let pace = Pace {
            gap: slack.gap(),
            // A message that something is over of which there was none tells nobody anything.
            ends_of_others: false,
            ..pace
        };
        let sink = slack
            .sink()
            .map_err(|invalid| unusable("slack", source, invalid))?;
        Ok::<_, BuildError>(channel("slack", AlertSeverity::Info, sink, pace))
    });
    let slack = slack.transpose()?;
    let key = settings.pagerduty_routing_key;
    let (pagerduty, source) = either(options.pagerduty, key, PagerDuty::new, PAGERDUTY);
    let pagerduty = pagerduty.map(|pagerduty| {
        let pace = Pace {
            gap: pagerduty.gap(),
            ..pace
        };
        let sink = pagerduty
            .sink()
            .map_err(|invalid| unusable("pagerduty", source, invalid))?;
        Ok::<_, BuildError>(channel("pagerduty", AlertSeverity::Critical, sink, pace))
    });
    let pagerduty = pagerduty.transpose()?;
    let url = settings.alertmanager_url;
    let (manager, source) = either(options.alertmanager, url, Alertmanager::new, ALERTMANAGER);
    let manager = manager.map(|manager| {
        let sink = manager.sink(pace.repeat);
        let sink = sink.map_err(|invalid| unusable("alertmanager", source, invalid))?;
        Ok::<_, BuildError>(channel("alertmanager", AlertSeverity::Info, sink, pace))
    });
    let mut channels = match manager.transpose()? {
        Some(manager) => vec![manager],
        None => pagerduty.into_iter().chain(slack).collect(),
    };
    for OwnSink { name, lowest, sink } in options.sinks {
        if name.is_empty() || channels.iter().any(|channel| channel.name == name) {
            return Err(BuildError::AlertChannelName(name));
        }
        let sink = Box::new(Shared(sink));
        channels.push(NewChannel {
            name,
            lowest,
            sink,
            pace,
        });
    }
    Ok(channels)
}

/// The builder's, else that of the environment, and then by which variable.
fn either<T>(
    builder: Option<T>,
    environment: Option<String>,
    make: impl FnOnce(String) -> T,
    variable: &'static str,
) -> (Option<T>, Option<&'static str>) {
    match builder {
        Some(builder) => (Some(builder), None),
        None => (environment.map(make), Some(variable)),
    }
}

fn channel(name: &str, lowest: AlertSeverity, sink: Box<dyn AlertSink>, pace: Pace) -> NewChannel {
    NewChannel {
        name: name.to_owned(),
        lowest,
        sink,
        pace,
    }
}

fn unusable(
    channel: &'static str,
    variable: Option<&'static str>,
    invalid: InvalidAddress,
) -> BuildError {
    let InvalidAddress { problem, expected } = invalid;
    match variable {
        Some(variable) => BuildError::Setting(InvalidSetting {
            variable,
            problem: problem.to_owned(),
            expected,
        }),
        None => BuildError::AlertChannel {
            channel,
            problem,
            expected,
        },
    }
}

/// One at a time, for it is told by one thread at a time.
struct Shared(Arc<std::sync::Mutex<dyn AlertSink>>);

impl AlertSink for Shared {
    fn send(&mut self, notice: &AlertNotice) -> Result<(), DeliveryError> {
        // One that has panicked is told of the next alert all the same.
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sink.send(notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789ABCDEF";
    const WEBHOOK: &str = "https://hooks.slack.com/services/T0/B0/s3cret";

    fn settings(pairs: &[(&str, &str)]) -> AlertSettings {
        let value = |variable| {
            let pair = pairs.iter().find(|(name, _)| *name == variable);
            Ok(pair.map(|(_, value)| (*value).to_owned()))
        };
        AlertSettings::read(value).unwrap()
    }

    fn names(options: AlertOptions, pairs: &[(&str, &str)]) -> Vec<String> {
        let made = channels(options, settings(pairs), Pace::default()).unwrap();
        made.into_iter().map(|channel| channel.name).collect()
    }

    #[test]
    fn the_environment_makes_channels_and_an_alertmanager_stands_in_for_the_others() {
        let all = [
            (SLACK, WEBHOOK),
            (PAGERDUTY, KEY),
            (ALERTMANAGER, "http://am:9093"),
        ];
        let options = AlertOptions::default;
        assert_eq!(names(options(), &[]), [""; 0]);
        assert_eq!(names(options(), &all[..1]), ["slack"]);
        assert_eq!(names(options(), &all[..2]), ["pagerduty", "slack"]);
        assert_eq!(names(options(), &all), ["alertmanager"]);
    }

    #[test]
    fn an_unusable_variable_is_named_with_what_is_expected_and_not_shown() {
        for (variable, expected) in [
            (
                SLACK,
                "SLACK_WEBHOOK_URL is no webhook URL; expected https://hooks.slack.com/services/…",
            ),
            (
                PAGERDUTY,
                "PAGERDUTY_ROUTING_KEY is no routing key; expected the 32 letters and digits of an Events API v2 \
                 integration key",
            ),
            (
                ALERTMANAGER,
                "ALERTMANAGER_URL is no URL of an Alertmanager; expected an http or https URL without a path of its \
                 API, as http://localhost:9093",
            ),
        ] {
            let made = channels(
                AlertOptions::default(),
                settings(&[(variable, "s3cret")]),
                Pace::default(),
            );
            assert_eq!(made.err().unwrap().to_string(), expected);
        }
        let shown = format!("{:?}", settings(&[(SLACK, WEBHOOK)]));
        assert_eq!(shown, r#"["SLACK_WEBHOOK_URL"]"#);
    }

    #[test]
    fn the_builder_wins_over_the_environment() {
        let options = AlertOptions {
            slack: Some(Slack::new(WEBHOOK)),
            ..AlertOptions::default()
        };
        assert_eq!(names(options, &[(SLACK, "unusable")]), ["slack"]);
    }
}
