//! A service that makes calls of its own while it answers, and tells what it sent along with them.

use axum::{Router, extract::Path, routing::get};
use http::HeaderMap;
use monitor_layer::{TraceContext, testing::TestMonitor};

use crate::support::{Client, Server};

pub(super) const TRACE: &str = "12345678901234567890123456789012";
pub(super) const SPAN: &str = "1234567890123456";
pub(super) const TRACEPARENT: &str =
    "traceparent: 00-12345678901234567890123456789012-1234567890123456-00";

/// What went out with one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) version: String,
    pub(super) trace: String,
    pub(super) span: String,
    pub(super) flags: String,
    pub(super) tracestate: Option<String>,
}

impl Call {
    fn of(headers: &HeaderMap) -> Self {
        let only = |name| {
            let values: Vec<_> = headers.get_all(name).iter().collect();
            assert!(values.len() < 2, "{name}: {values:?}");
            values.first().map(|value| value.to_str().unwrap())
        };
        let fields: Vec<_> = only("traceparent").unwrap().split('-').collect();
        let [version, trace, span, flags] = fields[..].try_into().unwrap();
        Self {
            version: version.to_owned(),
            trace: trace.to_owned(),
            span: span.to_owned(),
            flags: flags.to_owned(),
            tracestate: only("tracestate").map(str::to_owned),
        }
    }

    fn read(line: &str) -> Self {
        let (traceparent, tracestate) = line.split_once('|').unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", traceparent.parse().unwrap());
        if !tracestate.is_empty() {
            headers.insert("tracestate", tracestate.parse().unwrap());
        }
        Self::of(&headers)
    }

    fn written(headers: &HeaderMap) -> String {
        // Whatever is sent must be valid to be read back.
        Self::of(headers);
        let text = |name| {
            headers
                .get(name)
                .map_or("", |value| value.to_str().unwrap())
        };
        format!("{}|{}\n", text("traceparent"), text("tracestate"))
    }

    /// The value of a key, read as the next service would.
    pub(super) fn state(&self, key: &str) -> Option<&str> {
        let list = self.tracestate.as_deref()?;
        let members = list
            .split(',')
            .map(|member| member.trim_matches([' ', '\t']));
        members
            .filter_map(|member| member.split_once('='))
            .find_map(|(name, value)| (name == key).then_some(value))
    }

    /// Whether it continues what `TRACEPARENT` tells of.
    pub(super) fn continues(&self) -> bool {
        self.trace == TRACE
    }
}

/// What goes out with a call that is made while a request of these header lines is answered.
pub(super) async fn call(header_lines: &[&str]) -> Call {
    let [call] = calls(header_lines, 1).await.try_into().unwrap();
    call
}

/// The same for several calls.
pub(super) async fn calls(header_lines: &[&str], count: usize) -> Vec<Call> {
    let monitor = TestMonitor::new("api");
    let app = Router::new()
        .route(
            "/{count}",
            get(async |Path(count): Path<usize>| {
                let current = TraceContext::current().unwrap();
                let calls = (0..count).map(|_| {
                    let mut headers = HeaderMap::new();
                    current.child().inject(&mut headers);
                    Call::written(&headers)
                });
                calls.collect::<String>()
            }),
        )
        .layer(monitor.layer());
    let server = Server::start(app).await;
    let mut client = Client::connect(server.address).await;
    let lines: String = header_lines
        .iter()
        .map(|line| format!("{line}\r\n"))
        .collect();
    let request =
        format!("GET /{count} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{lines}\r\n");
    client.send_raw(request.as_bytes()).await;
    let answer = client.read_to_close().await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    let calls: Vec<_> = body.lines().map(Call::read).collect();
    assert_eq!(calls.len(), count, "{answer}");
    calls
}

/// A `traceparent` header line of this value.
pub(super) fn traceparent(value: &str) -> String {
    format!("traceparent: {value}")
}
