//! The blocking HTTP client of the threads that send, each for a sink of its own: no runtime in the tree, and a server that
//! hangs holds nothing but its own thread.

use std::time::Duration;

#[cfg(any(feature = "alerts", feature = "sentry"))]
use http::{HeaderMap, header};

/// As requests name who sends them.
pub(crate) const AGENT: &str = concat!("monitor-layer/", env!("CARGO_PKG_VERSION"));

/// `timeout` is for a whole exchange, to the last byte of the answer.
pub(crate) fn agent(timeout: Option<Duration>) -> ureq::Agent {
    ureq::Agent::config_builder()
        // What is to be done is told by the status.
        .http_status_as_error(false)
        // What is to take telemetry does not redirect, and what does is not to be sent any.
        .max_redirects(0)
        .timeout_global(timeout)
        .user_agent(AGENT)
        .build()
        .into()
}

/// How long a server asks to be left alone: seconds, or until a date, which is compared with the server's own clock where
/// the answer tells it, so that ours may be wrong.
#[cfg(any(feature = "alerts", feature = "sentry"))]
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    let now = text(header::DATE).and_then(date);
    let now = now.unwrap_or_else(std::time::SystemTime::now);
    Some(date(asked)?.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
#[cfg(any(feature = "alerts", feature = "sentry"))]
mod tests {
    use super::*;

    fn asked(headers: &[(header::HeaderName, &str)]) -> Option<Duration> {
        let headers = headers.iter().cloned();
        let headers = headers.map(|(name, value)| (name, value.parse().unwrap()));
        retry_after(&headers.collect())
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_a_date_of_the_server_s_own_clock() {
        let pause = |value| asked(&[(header::RETRY_AFTER, value)]);
        assert_eq!(pause("120"), Some(Duration::from_secs(120)));
        assert_eq!(pause(" 7 "), Some(Duration::from_secs(7)));
        // Its clock is years behind ours.
        let by_date = asked(&[
            (header::DATE, "Wed, 21 Oct 2015 07:28:00 GMT"),
            (header::RETRY_AFTER, "Wed, 21 Oct 2015 07:28:30 GMT"),
        ]);
        assert_eq!(by_date, Some(Duration::from_secs(30)));
        assert_eq!(
            pause("Wed, 21 Oct 2015 07:28:30 GMT"),
            Some(Duration::ZERO),
            "it is over"
        );
        for nothing in ["", "soon", "-1", "1.5", "Wed, 99 Oct 2015 07:28:30 GMT"] {
            assert_eq!(pause(nothing), None, "{nothing}");
        }
        assert_eq!(asked(&[]), None);
    }
}
