use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty};
use monitor_layer::Monitor;
use tower::ServiceExt as _;

use super::{Http, http::Answer};
use crate::exposition::{Exposition, read_openmetrics, read_protobuf, read_text};

/// A form of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    OpenMetrics,
    Protobuf,
}

impl Form {
    pub(crate) const ALL: [Self; 3] = [Self::Text, Self::OpenMetrics, Self::Protobuf];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::OpenMetrics => "openmetrics",
            Self::Protobuf => "protobuf",
        }
    }

    /// What Prometheus 2.42 sends that is told to read this form first.
    pub(crate) const fn accept(self) -> &'static str {
        match self {
            Self::Text => "text/plain;version=0.0.4",
            Self::OpenMetrics => {
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
            }
            Self::Protobuf => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
                 application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
            }
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }

    /// What is served at this address.
    pub(crate) async fn scrape(self, http: &Http, url: &str) -> Bytes {
        let request = Request::get(format!("{url}/metrics")).header(header::ACCEPT, self.accept());
        let request = request.body(Empty::new().boxed_unsync()).unwrap();
        self.body_of(http.send(request).await.unwrap())
    }

    /// What a monitor's endpoints serve, with no socket in between.
    pub(crate) async fn scrape_monitor(self, monitor: &Monitor) -> Bytes {
        let request = Request::get("/metrics").header(header::ACCEPT, self.accept());
        let request = request.body(()).unwrap();
        let response = monitor.endpoints().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        self.body_of(Answer {
            status: head.status,
            headers: head.headers,
            bytes: body.collect().await.unwrap().to_bytes(),
        })
    }

    /// Reads an exposition, which has to be sound.
    pub(crate) fn read(self, bytes: &[u8]) -> Exposition {
        let read = match self {
            Self::Text => read_text(str::from_utf8(bytes).unwrap()),
            Self::OpenMetrics => read_openmetrics(str::from_utf8(bytes).unwrap()),
            Self::Protobuf => read_protobuf(bytes),
        };
        read.unwrap_or_else(|problem| panic!("{self:?}: {problem}"))
    }

    fn body_of(self, answer: Answer) -> Bytes {
        assert_eq!(answer.status, 200, "{self:?}");
        assert_eq!(answer.headers["content-type"], self.content_type());
        answer.bytes
    }
}
