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
