use std::{
    fmt,
    time::{Duration, SystemTime},
};

use http::Uri;
use serde_json::{Map, Value, json};

use super::{
    AlertNotice, AlertSink, DeliveryError,
    post::{InvalidAddress, Plain, Post, is_usable},
};
use crate::log::Timestamp;

/// An Alertmanager, which then decides who is told: the service's alerts go there alone, and to neither PagerDuty nor
/// Slack as well.
///
/// An alert fires for twice the repeat interval
/// ([`MonitorBuilder::alert_repeat_interval`](crate::MonitorBuilder::alert_repeat_interval)) after it was sent: what is
/// raised at least once in an interval is sent again before that is over and goes on firing, and what is raised no more
/// ends by itself. [`Monitor::resolve_alert`](crate::Monitor::resolve_alert) ends it at once.
///
/// ```no_run
/// use monitor_layer::{Alertmanager, Monitor};
///
/// let monitor = Monitor::builder("api")
///     .alertmanager(Alertmanager::new("http://alertmanager:9093"))
///     .build()?;
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Alertmanager {
    url: String,
}

impl Alertmanager {
    /// By its URL, as `ALERTMANAGER_URL` has it: without `/api/v2/alerts`. A user and password in it are sent by basic
    /// authentication.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    pub(crate) fn sink(self, repeat: Duration) -> Result<Box<dyn AlertSink>, InvalidAddress> {
        let uri: Option<Uri> = self.url.parse().ok();
        let uri = uri.filter(|uri| is_usable(&self.url, Plain::Anywhere) && uri.query().is_none());
        let Some(uri) = uri else {
            return Err(InvalidAddress {
                problem: "is no URL of an Alertmanager",
                expected: "an http or https URL without a path of its API, as http://localhost:9093",
            });
        };
        let user = uri.authority().and_then(|it| it.as_str().rsplit_once('@'));
        let user = user.map(|(user, _)| user.to_owned());
        let password = user.as_ref().and_then(|user| user.split_once(':'));
        let password = password.map(|(_, password)| password.to_owned());
        let url = format!("{}/api/v2/alerts", self.url.trim_end_matches('/'));
        Ok(Box::new(Sender {
            post: Post::new(url, user.into_iter().chain(password)),
            lasts: repeat.saturating_mul(2).min(LONGEST),
        }))
    }
}

/// Without what may be secret.
impl fmt::Debug for Alertmanager {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Alertmanager")
            .finish_non_exhaustive()
    }
}

/// For a date to have four digits for its year.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

struct Sender {
    post: Post,
    lasts: Duration,
}

impl AlertSink for Sender {
    fn send(&mut self, notice: &AlertNotice) -> Result<(), DeliveryError> {
        let until = match notice.is_resolved() {
            true => notice.raised_at(),
            false => {
                // A clock that was set back since it was raised would have it end before it began.
                let start = SystemTime::now().max(notice.raised_at());
                start.checked_add(self.lasts).unwrap_or(start)
            }
        };
        let answer = self.post.send(&json!([alert(notice, until)]))?;
        match answer.status.is_success() {
            true => Ok(()),
            false => Err(answer.refusal()),
        }
    }
}

fn alert(notice: &AlertNotice, until: SystemTime) -> Value {
    let known = [
        ("alertname", notice.summary()),
        ("severity", notice.severity().as_str()),
        ("service", notice.service()),
        ("env", notice.env()),
    ];
    let mut labels: Map<_, _> = known
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    for (name, value) in notice.labels() {
        let name = label_name(name);
        let is_ours = known.iter().any(|(known, _)| *known == name);
        // As Prometheus does it.
        let name = if is_ours {
            format!("exported_{name}")
        } else {
            name
        };
        labels.insert(name, value.into());
    }
    let mut annotations: Map<String, Value> = notice
        .details()
        .map(|(name, value)| (label_name(name), value.into()))
        .collect();
    let trace = notice.trace_id().map(|trace| trace.to_string());
    for (name, value) in [
        ("summary", Some(&*notice.told())),
        ("description", notice.description()),
        ("runbook_url", notice.runbook()),
        ("dashboard_url", notice.dashboard()),
        ("trace_id", trace.as_deref()),
    ] {
        if let Some(value) = value {
            annotations.insert(name.to_owned(), value.into());
        }
    }
    json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": notice.timestamp(),
        "endsAt": Timestamp::from(until).to_string(),
    })
}

/// As Alertmanager takes it: letters, digits and underscores, and no digit first.
fn label_name(name: &str) -> String {
    let allowed = |character: char| match character.is_ascii_alphanumeric() {
        true => character,
        false => '_',
    };
    let mut taken: String = name.chars().map(allowed).collect();
    if taken.is_empty() || taken.starts_with(|first: char| first.is_ascii_digit()) {
        taken.insert(0, '_');
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_such_as_alertmanager_takes() {
        for (name, taken) in [
            ("disk", "disk"),
            ("free.mb-left", "free_mb_left"),
            ("5xx", "_5xx"),
            ("größe", "gr__e"),
            ("", "_"),
        ] {
            assert_eq!(label_name(name), taken);
        }
    }
}
