use std::{fmt, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    AlertNotice, AlertSink, DeliveryError,
    notice::LONGEST_SUMMARY,
    post::{InvalidAddress, Plain, Post, is_usable},
    text::cut,
};

/// Within its limit of 120 events a minute.
const GAP: Duration = Duration::from_millis(500);
const EVENTS: &str = "https://events.pagerduty.com/v2/enqueue";
/// Of a whole event, as PagerDuty takes it.
const LONGEST_EVENT: usize = 512 * 1000;

/// PagerDuty, by its Events API v2: critical alerts open an incident, and their end resolves it.
///
/// ```no_run
/// use monitor_layer::{Monitor, PagerDuty};
///
/// let key = "0123456789abcdef0123456789abcdef"; // from a secret store
/// let monitor = Monitor::builder("api").pagerduty(PagerDuty::new(key)).build()?;
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
#[derive(Clone)]
pub struct PagerDuty {
    routing_key: String,
    url: String,
    gap: Duration,
}

impl PagerDuty {
    /// By the integration key of an Events API v2 integration, 32 letters and digits, as `PAGERDUTY_ROUTING_KEY` has it.
    #[must_use]
    pub fn new(routing_key: impl Into<String>) -> Self {
        Self {
            routing_key: routing_key.into(),
            url: EVENTS.to_owned(),
            gap: GAP,
        }
    }

    /// Where events go, in place of `https://events.pagerduty.com/v2/enqueue`: PagerDuty's service in the EU, or a
    /// receiver of a test's. Plain HTTP is for this machine alone.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// The least time between two events: half a second by default.
    #[must_use]
    pub const fn min_interval(mut self, interval: Duration) -> Self {
        self.gap = interval;
        self
    }

    pub(crate) const fn gap(&self) -> Duration {
        self.gap
    }

    pub(crate) fn sink(self) -> Result<Box<dyn AlertSink>, InvalidAddress> {
        let key = self.routing_key.as_bytes();
        if key.len() != 32 || !key.iter().all(u8::is_ascii_alphanumeric) {
            return Err(InvalidAddress {
                problem: "is no routing key",
                expected: "the 32 letters and digits of an Events API v2 integration key",
            });
        }
        if !is_usable(&self.url, Plain::Loopback) {
            return Err(InvalidAddress {
                problem: "has an unusable URL",
                expected: "an https URL, as https://events.eu.pagerduty.com/v2/enqueue",
            });
        }
        let post = Post::new(self.url, [self.routing_key.clone()]);
        let routing_key = self.routing_key;
        Ok(Box::new(Sender { post, routing_key }))
    }
}

/// Without what is secret.
impl fmt::Debug for PagerDuty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PagerDuty").finish_non_exhaustive()
    }
}

struct Sender {
    post: Post,
    routing_key: String,
}

impl AlertSink for Sender {
    fn send(&mut self, notice: &AlertNotice) -> Result<(), DeliveryError> {
        let answer = self.post.send(&event(&self.routing_key, notice))?;
        match answer.status.is_success() {
            true => Ok(()),
            false => Err(answer.refusal()),
        }
    }
}

fn event(routing_key: &str, notice: &AlertNotice) -> Value {
    if notice.is_resolved() {
        return json!({
            "routing_key": routing_key,
            "event_action": "resolve",
            "dedup_key": notice.key(),
        });
    }
    let links = notice.links();
    let links = links.map(|(text, href)| json!({"href": href, "text": text}));
    let mut event = json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": notice.key(),
        "client": "monitor-layer",
        "payload": {
            "summary": cut(&notice.told(), LONGEST_SUMMARY),
            "source": notice.service(),
            "severity": notice.severity().as_str(),
            "timestamp": notice.timestamp(),
            "group": notice.env(),
            "custom_details": details(notice),
        },
        "links": links.collect::<Vec<_>>(),
    });
    if event.to_string().len() > LONGEST_EVENT {
        // Texts that grow by being written as JSON; the trace id is enough to find them in the log.
        event["payload"]["custom_details"] = json!({"trace_id": trace(notice)});
    }
    event
}

fn details(notice: &AlertNotice) -> Map<String, Value> {
    let pairs = notice.labels().chain(notice.details());
    let mut details: Map<_, _> = pairs
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let known = [
        ("description", notice.description().map(Into::into)),
        ("trace_id", trace(notice).map(Into::into)),
        ("more", (notice.more() > 0).then(|| notice.more().into())),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    details.extend(known);
    details
}

fn trace(notice: &AlertNotice) -> Option<String> {
    notice.trace_id().map(|trace| trace.to_string())
}
