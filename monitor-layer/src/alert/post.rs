//! JSON to a URL that may itself be a secret.

use std::{io::Read as _, net::IpAddr, time::Duration};

use http::{StatusCode, Uri};
use serde_json::Value;

use super::DeliveryError;
use crate::{http_client, redact::REDACTED};

/// For one delivery, to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of an answer: no more is needed to see what it says.
const LONGEST_ANSWER: u64 = 4096;
/// What is shown of it.
const LONGEST_SHOWN: usize = 200;

/// An address that a channel cannot be reached at; the address itself is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidAddress {
    pub(crate) problem: &'static str,
    pub(crate) expected: &'static str,
}

/// Where plain HTTP may be spoken.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Plain {
    /// On this machine alone, for there is a secret in it.
    Loopback,
    Anywhere,
}

pub(super) struct Post {
    agent: ureq::Agent,
    url: String,
    /// What must not be shown, though a server may repeat it.
    secrets: Vec<String>,
}

/// What a server said.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) text: String,
    retry_after: Option<Duration>,
}

/// Whether JSON can be sent there.
pub(super) fn is_usable(url: &str, plain: Plain) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
        return false;
    };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => plain == Plain::Anywhere || is_loopback(host),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<IpAddr> = address.parse().ok();
    host.eq_ignore_ascii_case("localhost") || address.is_some_and(|it| it.is_loopback())
}

impl Post {
    pub(super) fn new(url: String, secrets: impl IntoIterator<Item = String>) -> Self {
        Self {
            agent: http_client::agent(Some(TIMEOUT)),
            url,
            secrets: secrets.into_iter().filter(|it| !it.is_empty()).collect(),
        }
    }

    pub(super) fn send(&self, body: &Value) -> Result<Answer, DeliveryError> {
        let body = body.to_string();
        let answer = self
            .agent
            .post(&self.url)
            .header(http::header::CONTENT_TYPE, "application/json")
            .send(body.as_bytes());
        let answer = answer.map_err(|error| match error {
            // It repeats the URL.
            ureq::Error::BadUri(_) => DeliveryError::permanent("its URL cannot be used"),
            error => DeliveryError::transient(self.shown(&error.to_string())),
        })?;
        let (head, body) = answer.into_parts();
        let mut text = Vec::new();
        // What arrived of an answer that breaks off says enough.
        let _ = body
            .into_reader()
            .take(LONGEST_ANSWER)
            .read_to_end(&mut text);
        Ok(Answer {
            status: head.status,
            text: self.shown(&String::from_utf8_lossy(&text)),
            retry_after: http_client::retry_after(&head.headers),
        })
    }

    /// Without what is secret, on one line.
    fn shown(&self, text: &str) -> String {
        let without = |text: String, secret: &String| text.replace(secret.as_str(), REDACTED);
        let text = self.secrets.iter().fold(text.to_owned(), without);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Answer {
    #[cfg(test)]
    pub(super) fn of(status: StatusCode, text: &str) -> Self {
        Self {
            status,
            text: text.to_owned(),
            retry_after: None,
        }
    }

    /// That it was not taken, and whether it may be another time.
    pub(super) fn refusal(&self) -> DeliveryError {
        let mut reason = format!("it answers {}", self.status);
        if !self.text.is_empty() {
            reason += ": ";
            reason += &super::text::cut(&self.text, LONGEST_SHOWN);
        }
        let may_be_taken = self.status.is_server_error()
            || matches!(
                self.status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
            );
        let refusal = match may_be_taken {
            true => DeliveryError::transient(reason),
            false => DeliveryError::permanent(reason),
        };
        match self.retry_after.filter(|_| may_be_taken) {
            Some(pause) => refusal.retry_after(pause),
            None => refusal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_where_there_is_a_secret() {
        for (url, secret, open) in [
            ("https://hooks.slack.example/services/T/B/x", true, true),
            ("http://127.0.0.1:9093", true, true),
            ("http://[::1]:9093/x", true, true),
            ("http://localhost:9093", true, true),
            ("http://alertmanager:9093", false, true),
            ("http://127.0.0.1.example", false, true),
            ("ftp://host", false, false),
            ("hooks.slack.example/services", false, false),
            ("https://", false, false),
            ("", false, false),
        ] {
            let usable = [Plain::Loopback, Plain::Anywhere].map(|plain| is_usable(url, plain));
            assert_eq!(usable, [secret, open], "{url}");
        }
    }

    #[test]
    fn what_a_server_repeats_of_a_secret_is_not_shown() {
        let post = Post::new(
            "https://host".to_owned(),
            ["s3cret".to_owned(), String::new()],
        );
        assert_eq!(
            post.shown("no\n such  key s3cret"),
            "no such key [REDACTED]"
        );
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_does_not_is_not() {
        for (status, transient) in [
            (400, false),
            (401, false),
            (404, false),
            (301, false),
            (408, true),
            (429, true),
            (500, true),
            (503, true),
        ] {
            let answer = Answer {
                status: StatusCode::from_u16(status).unwrap(),
                text: "why".to_owned(),
                retry_after: Some(Duration::from_secs(7)),
            };
            let refusal = answer.refusal();
            assert_eq!(refusal.is_transient(), transient, "{status}");
            assert_eq!(refusal.pause().is_some(), transient, "{status}");
        }
    }
}
