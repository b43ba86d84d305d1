use std::{fmt, time::Duration};

use http::Uri;
use serde_json::{Value, json};

use super::{
    AlertNotice, AlertSink, DeliveryError,
    post::{Answer, InvalidAddress, Plain, Post, is_usable},
    text::{ELLIPSIS, cut},
};

/// As Slack takes it, of any of a webhook's messages.
const GAP: Duration = Duration::from_secs(1);
/// In characters, of which there are no more than bytes.
const LONGEST_SECTION: usize = 3000;
const LONGEST_FIELD: usize = 2000;
const MOST_FIELDS: usize = 10;
/// Of the text that notifications show.
const LONGEST_TEXT: usize = 2000;

/// A channel in Slack, by an incoming webhook: every alert, and its end where it was told of.
///
/// ```no_run
/// use monitor_layer::{Monitor, Slack};
///
/// let webhook = "https://hooks.slack.com/services/T0/B0/x"; // from a secret store
/// let monitor = Monitor::builder("api").slack(Slack::new(webhook)).build()?;
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Slack {
    webhook_url: String,
    gap: Duration,
}

impl Slack {
    /// By the webhook's URL, as `SLACK_WEBHOOK_URL` has it. Plain HTTP is for this machine alone.
    #[must_use]
    pub fn new(webhook_url: impl Into<String>) -> Self {
        Self {
            webhook_url: webhook_url.into(),
            gap: GAP,
        }
    }

    /// The least time between two messages: a second by default, as Slack allows.
    #[must_use]
    pub const fn min_interval(mut self, interval: Duration) -> Self {
        self.gap = interval;
        self
    }

    pub(crate) const fn gap(&self) -> Duration {
        self.gap
    }

    pub(crate) fn sink(self) -> Result<Box<dyn AlertSink>, InvalidAddress> {
        if !is_usable(&self.webhook_url, Plain::Loopback) {
            return Err(InvalidAddress {
                problem: "is no webhook URL",
                expected: "https://hooks.slack.com/services/…",
            });
        }
        // All of the path, and its last part, which is the secret itself.
        let uri = self.webhook_url.parse::<Uri>();
        let path = uri.map_or_else(|_| String::new(), |uri| uri.path().to_owned());
        let secret = path.rsplit('/').next().unwrap_or_default().to_owned();
        let secrets = [path, secret].into_iter().filter(|secret| secret.len() > 1);
        Ok(Box::new(Sender(Post::new(self.webhook_url, secrets))))
    }
}

/// Without what is secret.
impl fmt::Debug for Slack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Slack").finish_non_exhaustive()
    }
}

struct Sender(Post);

impl AlertSink for Sender {
    fn send(&mut self, notice: &AlertNotice) -> Result<(), DeliveryError> {
        judged(&self.0.send(&message(notice))?)
    }
}

/// Slack may say no with a 200.
fn judged(answer: &Answer) -> Result<(), DeliveryError> {
    if !answer.status.is_success() {
        return Err(answer.refusal());
    }
    let said: Option<Value> = serde_json::from_str(&answer.text).ok();
    match said
        .as_ref()
        .map(|said| (&said["ok"], said["error"].as_str()))
    {
        Some((Value::Bool(false), error)) => {
            let error = error.unwrap_or("no reason");
            let reason = format!("it answers 200, but not ok: {}", cut(error, 200));
            // What is wrong with the message or the webhook stays wrong.
            let stays = ["invalid_", "no_", "channel_", "token_", "not_", "account_"];
            match stays.iter().any(|start| error.starts_with(start)) {
                true => Err(DeliveryError::permanent(reason)),
                false => Err(DeliveryError::transient(reason)),
            }
        }
        _ => Ok(()),
    }
}

fn message(notice: &AlertNotice) -> Value {
    let headline = notice.headline();
    let mut about = format!("*{}*", escaped(&headline, LONGEST_TEXT));
    if let Some(description) = notice.description() {
        about.push('\n');
        about += &escaped(description, LONGEST_SECTION - about.len());
    }
    let mut blocks = vec![section(&about)];
    let pairs = notice.labels().chain(notice.details());
    let fields = pairs.take(MOST_FIELDS).map(|(name, value)| {
        let name = escaped(name, LONGEST_FIELD / 2);
        let value = escaped(value, LONGEST_FIELD / 2 - 4);
        text(&format!("*{name}*\n{value}"))
    });
    let fields: Vec<_> = fields.collect();
    if !fields.is_empty() {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    let mut links = String::new();
    for (text, url) in notice.links() {
        let link = format!("<{}|{}>", escaped_url(url), escaped(text, 200));
        if links.len() + link.len() + 3 <= LONGEST_SECTION {
            let between = if links.is_empty() { "" } else { " · " };
            links += between;
            links += &link;
        }
    }
    if !links.is_empty() {
        blocks.push(section(&links));
    }
    let mut source = escaped(&format!("{} · {}", notice.service(), notice.env()), 500);
    if let Some(trace) = notice.trace_id() {
        source += &format!(" · trace {trace}");
    }
    blocks.push(json!({"type": "context", "elements": [text(&source)]}));
    json!({"text": escaped(&headline, LONGEST_TEXT), "blocks": blocks})
}

fn section(content: &str) -> Value {
    json!({"type": "section", "text": text(content)})
}

fn text(content: &str) -> Value {
    json!({"type": "mrkdwn", "text": content})
}

/// At most so many bytes, with what Slack reads as markup of its own written out: nobody is mentioned by an alert's text.
fn escaped(text: &str, most: usize) -> String {
    let mut escaped = String::with_capacity(text.len().min(most));
    for character in text.chars() {
        let mut own = [0; 4];
        let written = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            other => &*other.encode_utf8(&mut own),
        };
        if escaped.len() + written.len() > most.saturating_sub(ELLIPSIS.len()) {
            escaped.push_str(ELLIPSIS);
            break;
        }
        escaped.push_str(written);
    }
    escaped
}

/// A URL within `<…|…>`.
fn escaped_url(url: &str) -> String {
    url.replace('&', "&amp;")
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace('|', "%7C")
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn markup_is_written_out_and_cut_between_what_stands_for_one_character() {
        assert_eq!(
            escaped("<!channel> a & b", 100),
            "&lt;!channel&gt; a &amp; b"
        );
        assert_eq!(escaped("a&b&c", 11), "a&amp;b…");
        assert_eq!(escaped("ab", 5), "ab");
        assert_eq!(escaped("abc", 5), "ab…");
        assert_eq!(
            escaped_url("https://a/?b=1&c=<|>"),
            "https://a/?b=1&amp;c=%3C%7C%3E"
        );
    }

    #[test]
    fn a_200_that_says_no_is_one() {
        let judged = |text: &str| {
            judged(&Answer::of(StatusCode::OK, text)).map_err(|error| error.is_transient())
        };
        assert_eq!(judged("ok"), Ok(()));
        assert_eq!(judged(""), Ok(()));
        assert_eq!(judged(r#"{"ok":true}"#), Ok(()));
        assert_eq!(judged(r#"{"ok":false}"#), Err(true));
        assert_eq!(judged(r#"{"ok":false,"error":"ratelimited"}"#), Err(true));
        assert_eq!(
            judged(r#"{"ok":false,"error":"invalid_blocks"}"#),
            Err(false)
        );
    }
}
