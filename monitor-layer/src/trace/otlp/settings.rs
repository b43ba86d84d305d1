use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header::InvalidHeaderValue};

use crate::redact::Redactor;

/// How long anything may be asked to wait.
pub(crate) const LONGEST_TIME: Duration = Duration::from_secs(24 * 60 * 60);
/// How many spans may wait at most: room for all of them is taken at the start.
pub(crate) const MOST_WAITING: usize = 1_000_000;

const SHORTEST_TIME: Duration = Duration::from_millis(1);
/// Where OTLP over HTTP takes traces, below the endpoint.
const TRACES: &str = "v1/traces";

/// How spans are exported: where to, and how much may wait.
///
/// ```no_run
/// use std::time::Duration;
/// use monitor_layer::{Monitor, Otlp};
///
/// let monitor = Monitor::builder("api")
///     .otlp(Otlp::new("http://localhost:4318").timeout(Duration::from_secs(5)))
///     .build()?;
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Otlp {
    pub(crate) endpoint: String,
    /// Whether the endpoint is where traces go, with nothing to be added.
    pub(crate) is_whole_url: bool,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) timeout: Duration,
    pub(crate) interval: Duration,
    pub(crate) queue: usize,
    pub(crate) batch: usize,
    pub(crate) gzip: bool,
    /// Whether batches are taken as ever, and then thrown away.
    #[cfg(feature = "testing")]
    pub(super) discard: bool,
}

impl Otlp {
    /// To the collector at this URL, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it: without `/v1/traces`.
    #[must_use]
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            is_whole_url: false,
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            interval: Duration::from_secs(5),
            queue: 2048,
            batch: 512,
            gzip: false,
            #[cfg(feature = "testing")]
            discard: false,
        }
    }

    /// Adds a header to each request, as a key for the collector.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long one batch may take, further tries included; 10 seconds by default, from a millisecond to a day.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long spans wait at most before they are sent; 5 seconds by default, from a millisecond to a day. A full batch
    /// is sent at once.
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How many spans may wait: 2048 by default, from 1 to a million, each of which takes half a kilobyte from the start.
    /// Further ones are dropped and counted in `telemetry_dropped_total`.
    #[must_use]
    pub const fn max_queue(mut self, spans: usize) -> Self {
        self.queue = spans;
        self
    }

    /// How many spans are sent at once, as soon as so many wait: 512 by default, at least 1 and at most what may wait.
    #[must_use]
    pub const fn max_batch(mut self, spans: usize) -> Self {
        self.batch = spans;
        self
    }

    /// Compresses what is sent with gzip: for a collector that is far away.
    #[must_use]
    pub const fn gzip(mut self) -> Self {
        self.gzip = true;
        self
    }

    /// The nearest that can be done.
    pub(crate) fn within_limits(self) -> Self {
        let queue = self.queue.clamp(1, MOST_WAITING);
        Self {
            timeout: self.timeout.clamp(SHORTEST_TIME, LONGEST_TIME),
            interval: self.interval.clamp(SHORTEST_TIME, LONGEST_TIME),
            queue,
            batch: self.batch.clamp(1, queue),
            ..self
        }
    }

    /// The URL that traces go to.
    pub(crate) fn traces_url(&self) -> Result<String, InvalidOtlp> {
        let uri: Option<Uri> = self.endpoint.parse().ok();
        let is_usable = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                && (self.is_whole_url || uri.query().is_none())
        });
        if !is_usable {
            return Err(InvalidOtlp::Endpoint(self.endpoint.clone()));
        }
        if self.is_whole_url {
            return Ok(self.endpoint.clone());
        }
        Ok(format!("{}/{TRACES}", self.endpoint.trim_end_matches('/')))
    }

    pub(super) fn header_map(&self) -> Result<HeaderMap, InvalidOtlp> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name: HeaderName = name
                .parse()
                .map_err(|_| InvalidOtlp::HeaderName(name.clone()))?;
            let value: Result<HeaderValue, InvalidHeaderValue> = value.parse();
            let mut value = value.map_err(|_| InvalidOtlp::HeaderValue(name.to_string()))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

/// Without what headers hold.
impl fmt::Debug for Otlp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Otlp")
            .field("endpoint", &Redactor::default().text(&self.endpoint))
            .finish_non_exhaustive()
    }
}

/// What is wrong with an export's settings; never a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvalidOtlp {
    Endpoint(String),
    HeaderName(String),
    HeaderValue(String),
    /// The exporter's own words.
    Refused(String),
    /// There is no thread to send.
    Thread(String),
}

/// `key=value` divided by commas, values percent-encoded, as OpenTelemetry has it; `None` where a part is no pair.
pub(crate) fn parse_headers(text: &str) -> Option<Vec<(String, String)>> {
    let parts = text.split(',').map(str::trim);
    let pairs = parts.filter(|part| !part.is_empty()).map(|part| {
        let (key, value) = part.split_once('=')?;
        let key = key.trim();
        (!key.is_empty()).then(|| Some((key.to_owned(), percent_decoded(value.trim())?)))?
    });
    pairs.collect()
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_go_below_the_endpoint() {
        let url = |endpoint: &str| Otlp::new(endpoint).traces_url();
        for endpoint in ["http://localhost:4318", "http://localhost:4318/"] {
            let expected = "http://localhost:4318/v1/traces";
            assert_eq!(url(endpoint).as_deref(), Ok(expected));
        }
        let below = url("https://collector.example/otlp");
        assert_eq!(
            below.as_deref(),
            Ok("https://collector.example/otlp/v1/traces")
        );
    }

    #[test]
    fn an_endpoint_is_a_url_with_a_host_over_http() {
        for bad in [
            "",
            "localhost:4318",
            "grpc://collector",
            "http://",
            "no url",
            "/v1/traces",
        ] {
            let invalid = Otlp::new(bad).traces_url();
            assert_eq!(invalid, Err(InvalidOtlp::Endpoint(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_done_becomes_the_nearest_that_can() {
        let least = Otlp::new("http://host").max_queue(0).max_batch(0);
        let least = least.timeout(Duration::ZERO).interval(Duration::ZERO);
        let least = least.within_limits();
        assert_eq!((least.queue, least.batch), (1, 1));
        assert_eq!(
            (least.timeout, least.interval),
            (SHORTEST_TIME, SHORTEST_TIME)
        );
        let most = Otlp::new("http://host")
            .max_queue(usize::MAX)
            .max_batch(usize::MAX);
        let most = most.timeout(Duration::MAX).interval(Duration::MAX);
        let most = most.within_limits();
        assert_eq!((most.queue, most.batch), (MOST_WAITING, MOST_WAITING));
        assert_eq!((most.timeout, most.interval), (LONGEST_TIME, LONGEST_TIME));
    }

    #[test]
    fn headers_are_pairs_with_percent_encoded_values() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let headers = parse_headers("api-key=a%3Db%20c, x-tenant = 7 ,");
        assert_eq!(
            headers,
            Some(vec![pair("api-key", "a=b c"), pair("x-tenant", "7")])
        );
        for bad in ["key", "=value", "key=%", "key=%zz", "key=%ff"] {
            assert_eq!(parse_headers(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_headers_hold_is_not_shown() {
        let shown = format!(
            "{:?}",
            Otlp::new("http://me:pw@host").header("key", "s3cret")
        );
        assert!(
            !shown.contains("s3cret") && !shown.contains("pw@"),
            "{shown}"
        );
    }
}
