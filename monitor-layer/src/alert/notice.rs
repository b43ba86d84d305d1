use std::{borrow::Cow, fmt, sync::Arc, time::SystemTime};

use super::{
    Alert, AlertSeverity,
    alert::Text,
    key,
    text::{clean, clean_value},
};
use crate::{log::Timestamp, redact::Redactor, trace::TraceId};

pub(super) const LONGEST_SUMMARY: usize = 1024;
pub(super) const LONGEST_DESCRIPTION: usize = 4096;
const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 1024;
const LONGEST_URL: usize = 2048;
/// Of names and values of labels and details together.
const LONGEST_PAIRS: usize = 16 * 1024;
const MOST_LINKS: usize = 8;

/// An alert as channels have it: without secrets, and bounded. Shared by all of them.
#[derive(Clone, Debug)]
pub(super) struct Raised {
    pub(super) severity: AlertSeverity,
    pub(super) is_resolved: bool,
    pub(super) key: Arc<str>,
    summary: Text,
    description: Option<Text>,
    labels: Vec<(Text, Text)>,
    details: Vec<(Text, Text)>,
    runbook: Option<Text>,
    dashboard: Option<Text>,
    links: Vec<(Text, Text)>,
    service: Arc<str>,
    env: Arc<str>,
    trace: Option<TraceId>,
    at: SystemTime,
}

/// Where an alert comes from.
#[derive(Clone)]
pub(super) struct Source<'a> {
    pub(super) service: &'a Arc<str>,
    pub(super) env: &'a Arc<str>,
    pub(super) redactor: &'a Redactor,
    pub(super) trace: Option<TraceId>,
}

impl Raised {
    pub(super) fn new(alert: Alert, is_resolved: bool, source: &Source<'_>) -> Self {
        let redactor = source.redactor;
        let summary = clean(alert.summary, LONGEST_SUMMARY, redactor);
        let mut room = LONGEST_PAIRS;
        let mut labels = pairs(alert.labels, &mut room, redactor);
        labels.sort();
        let key = match alert.key {
            Some(key) => key::bounded(clean(key, usize::MAX, redactor).into_owned()),
            None => {
                let labels = labels.iter().map(|(name, value)| (&**name, &**value));
                key::derived(source.service, source.env, &summary, labels)
            }
        };
        let url = |url| clean(url, LONGEST_URL, redactor);
        Self {
            severity: alert.severity,
            is_resolved,
            key: key.into(),
            summary,
            description: alert
                .description
                .map(|text| clean(text, LONGEST_DESCRIPTION, redactor)),
            labels,
            details: pairs(alert.details, &mut room, redactor),
            runbook: alert.runbook.map(url),
            dashboard: alert.dashboard.map(url),
            links: alert
                .links
                .into_iter()
                .take(MOST_LINKS)
                .map(|(text, link)| (clean(text, LONGEST_NAME, redactor), url(link)))
                .collect(),
            service: Arc::clone(source.service),
            env: Arc::clone(source.env),
            trace: alert.trace.or(source.trace),
            at: SystemTime::now(),
        }
    }
}

impl Raised {
    /// The end of it, now.
    pub(super) fn resolved(&self) -> Self {
        Self {
            is_resolved: true,
            at: SystemTime::now(),
            ..self.clone()
        }
    }
}

/// As many as there is room for.
fn pairs(pairs: Vec<(Text, Text)>, room: &mut usize, redactor: &Redactor) -> Vec<(Text, Text)> {
    let cleaned = pairs.into_iter().map(|(name, value)| {
        let name = clean(name, LONGEST_NAME, redactor);
        let value = clean_value(&name, value, LONGEST_VALUE, redactor);
        (name, value)
    });
    cleaned
        .take_while(|(name, value)| {
            let left = room.checked_sub(name.len() + value.len());
            *room = left.unwrap_or(0);
            left.is_some()
        })
        .collect()
}

/// An alert on its way to a channel, as an [`AlertSink`](super::AlertSink) of one's own gets it. Secrets are redacted.
#[derive(Clone)]
pub struct AlertNotice {
    pub(super) raised: Arc<Raised>,
    pub(super) more: u64,
}

impl AlertNotice {
    /// Whether what it tells of is over.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.raised.is_resolved
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> AlertSeverity {
        self.raised.severity
    }

    /// What happens, in one line.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.raised.summary
    }

    /// The summary as people read it first: `[critical] Disk almost full (+37 more)`.
    #[must_use]
    pub fn headline(&self) -> String {
        let state = match self.is_resolved() {
            true => "resolved",
            false => self.severity().as_str(),
        };
        format!("[{state}] {}", self.told())
    }

    /// The summary, and how many alike have not been told of.
    pub(super) fn told(&self) -> Cow<'_, str> {
        match self.more {
            0 => Cow::Borrowed(self.summary()),
            more => Cow::Owned(format!("{} (+{more} more)", self.summary())),
        }
    }

    /// What happened this time.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.raised.description.as_deref()
    }

    /// What tells it from others of the same summary, by name.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        borrowed(&self.raised.labels)
    }

    /// What else is to be read.
    pub fn details(&self) -> impl Iterator<Item = (&str, &str)> {
        borrowed(&self.raised.details)
    }

    /// Texts and URLs: the runbook's, the dashboard's, and further ones.
    pub fn links(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = [("Runbook", self.runbook()), ("Dashboard", self.dashboard())];
        let named = named
            .into_iter()
            .filter_map(|(text, url)| Some((text, url?)));
        named.chain(borrowed(&self.raised.links))
    }

    /// The URL of what to do about it.
    #[must_use]
    pub fn runbook(&self) -> Option<&str> {
        self.raised.runbook.as_deref()
    }

    /// The URL of where to look.
    #[must_use]
    pub fn dashboard(&self) -> Option<&str> {
        self.raised.dashboard.as_deref()
    }

    /// What it is known by: at most 255 bytes, the same each time and at every replica.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.raised.key
    }

    /// The service or worker that raised it.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.raised.service
    }

    /// The environment.
    #[must_use]
    pub fn env(&self) -> &str {
        &self.raised.env
    }

    /// The trace that it was raised in, as in the log.
    #[must_use]
    pub fn trace_id(&self) -> Option<TraceId> {
        self.raised.trace
    }

    /// When it was raised.
    #[must_use]
    pub fn raised_at(&self) -> SystemTime {
        self.raised.at
    }

    /// How many alike have not been told of since the last one that was.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.more
    }

    /// When it was raised, as RFC 3339 has it.
    pub(super) fn timestamp(&self) -> String {
        Timestamp::from(self.raised.at).to_string()
    }
}

fn borrowed(pairs: &[(Text, Text)]) -> impl Iterator<Item = (&str, &str)> {
    pairs.iter().map(|(name, value)| (&**name, &**value))
}

impl fmt::Debug for AlertNotice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AlertNotice")
            .field("headline", &self.headline())
            .field("key", &self.key())
            .finish_non_exhaustive()
    }
}
