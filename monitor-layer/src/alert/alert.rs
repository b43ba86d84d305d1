use std::{borrow::Cow, fmt};

use super::AlertSeverity;
use crate::{error::shown, trace::TraceId};

pub(super) type Text = Cow<'static, str>;

/// Something that people are to be told of now, by what the service itself has seen.
///
/// The summary and the labels say which alert it is: two that have the same ones are the same alert, and are folded for
/// a while ([`MonitorBuilder::alert_repeat_interval`](crate::MonitorBuilder::alert_repeat_interval)). So what differs
/// each time goes into the description and the details. Secrets are redacted, and what is longer than people read is
/// cut: a summary at 1 KiB, a description at 4, and all labels and details together at 16.
///
/// ```
/// use monitor_layer::{Alert, Monitor};
///
/// let monitor = Monitor::builder("api").build()?;
/// let low_disk = |free: u32| {
///     Alert::critical("Disk almost full")
///         .label("disk", "/data")
///         .description(format!("{free} MB are left"))
///         .detail("free_mb", free)
///         .runbook("https://runbooks.example/disk")
/// };
/// monitor.alert(low_disk(17));
/// monitor.resolve_alert(low_disk(90_000)); // once it is well again
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "an alert is told by `Monitor::alert`"]
pub struct Alert {
    pub(super) severity: AlertSeverity,
    pub(super) summary: Text,
    pub(super) description: Option<Text>,
    pub(super) labels: Vec<(Text, Text)>,
    pub(super) details: Vec<(Text, Text)>,
    pub(super) runbook: Option<Text>,
    pub(super) dashboard: Option<Text>,
    pub(super) links: Vec<(Text, Text)>,
    pub(super) key: Option<Text>,
    /// That of what it tells of, where that is not what is current.
    pub(super) trace: Option<TraceId>,
}

impl Alert {
    /// An alert of this severity, for those who compute it.
    pub fn new(severity: AlertSeverity, summary: impl Into<Cow<'static, str>>) -> Self {
        Self {
            severity,
            summary: summary.into(),
            description: None,
            labels: Vec::new(),
            details: Vec::new(),
            runbook: None,
            dashboard: None,
            links: Vec::new(),
            key: None,
            trace: None,
        }
    }

    /// Somebody is to be woken: to PagerDuty and Slack.
    pub fn critical(summary: impl Into<Cow<'static, str>>) -> Self {
        Self::new(AlertSeverity::Critical, summary)
    }

    /// Worth to be looked at within a day: to Slack.
    pub fn warning(summary: impl Into<Cow<'static, str>>) -> Self {
        Self::new(AlertSeverity::Warning, summary)
    }

    /// Worth to be known: to Slack.
    pub fn info(summary: impl Into<Cow<'static, str>>) -> Self {
        Self::new(AlertSeverity::Info, summary)
    }

    /// What happened this time.
    pub fn description(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds a label, which tells this alert from others of the same summary: a disk, a provider. Of few values, and never
    /// an id.
    pub fn label(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// Adds something to be read, up to 1 KiB of it.
    pub fn detail(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.details.push((name.into(), shown(&value).into()));
        self
    }

    /// The URL of what to do about it.
    pub fn runbook(mut self, url: impl Into<Cow<'static, str>>) -> Self {
        self.runbook = Some(url.into());
        self
    }

    /// The URL of where to look.
    pub fn dashboard(mut self, url: impl Into<Cow<'static, str>>) -> Self {
        self.dashboard = Some(url.into());
        self
    }

    /// Adds a further link.
    pub fn link(
        mut self,
        text: impl Into<Cow<'static, str>>,
        url: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.links.push((text.into(), url.into()));
        self
    }

    /// What it is known by, in place of service, environment, summary and labels. It is also PagerDuty's `dedup_key`:
    /// one that another service has, too, is one incident of both. Alertmanager knows alerts by their labels alone.
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub(super) fn of_trace(mut self, trace: TraceId) -> Self {
        self.trace = Some(trace);
        self
    }
}
