//! The numbers as they come out: by our endpoints, and by the encoders of whoever's registry they are in.

mod builder;
mod business;
mod exemplars;
mod labels;
mod refused;
mod registries;
mod shards;
mod storm;
mod streams;
mod users;

#[path = "../counterparts/exposition/mod.rs"]
#[allow(dead_code, reason = "the tests with real counterparts read more of it")]
mod exposition;

use std::convert::Infallible;

use axum::{
    Router,
    body::Body,
    extract::Path,
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use monitor_layer::{ExchangeLayer, HttpMetrics, HttpMetricsBuilder, Monitor};
use prometheus::{Encoder as _, ProtobufEncoder, Registry, TextEncoder};
use tower::ServiceExt as _;

use self::exposition::{Exposition, read_openmetrics, read_protobuf, read_text};

/// Answers with the status that its path names.
pub(super) fn statuses() -> Router {
    let answer = async |Path(status): Path<u16>| -> Response {
        StatusCode::from_u16(status).unwrap().into_response()
    };
    Router::new().route("/answer/{status}", get(answer))
}

/// The router under metrics of this registry.
pub(super) fn measured(builder: HttpMetricsBuilder, registry: &Registry) -> Router {
    under(builder.register(registry).unwrap())
}

pub(super) fn under(metrics: HttpMetrics) -> Router {
    statuses().layer(ExchangeLayer::new(metrics)).with_state(())
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Text,
    OpenMetrics,
    Protobuf,
}

impl Form {
    pub(super) const ALL: [Self; 3] = [Self::Text, Self::OpenMetrics, Self::Protobuf];

    const fn accept(self) -> &'static str {
        match self {
            Self::Text => "text/plain;version=0.0.4",
            Self::OpenMetrics => "application/openmetrics-text;version=1.0.0",
            Self::Protobuf => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
        }
    }

    fn read(self, bytes: &[u8]) -> Exposition {
        let text = || std::str::from_utf8(bytes).unwrap();
        match self {
            Self::Text => read_text(text()),
            Self::OpenMetrics => read_openmetrics(text()),
            Self::Protobuf => read_protobuf(bytes),
        }
        .unwrap()
    }
}

/// What the monitor's endpoint answers.
pub(super) async fn scraped(monitor: &Monitor, form: Form) -> Bytes {
    let request = Request::get("/metrics")
        .header(header::ACCEPT, form.accept())
        .body(Body::empty())
        .unwrap();
    let answer: Result<Response<_>, Infallible> = monitor.endpoints().oneshot(request).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body().collect().await.unwrap().to_bytes()
}

pub(super) async fn scrape(monitor: &Monitor, form: Form) -> Exposition {
    form.read(&scraped(monitor, form).await)
}

/// The registry as the `prometheus` crate writes it in text.
pub(super) fn text_of(registry: &Registry) -> Exposition {
    let text = TextEncoder::new().encode_to_string(&registry.gather());
    Form::Text.read(text.unwrap().as_bytes())
}

/// The registry as the `prometheus` crate writes it in protobuf.
pub(super) fn protobuf_of(registry: &Registry) -> Exposition {
    let mut bytes = Vec::new();
    let encoder = ProtobufEncoder::new();
    encoder.encode(&registry.gather(), &mut bytes).unwrap();
    Form::Protobuf.read(&bytes)
}

/// The sum of all samples of this name whose labels include these; `None` where there are none.
pub(super) fn value(read: &Exposition, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    read.samples()
        .filter(|sample| sample.name == name)
        .filter(|sample| {
            labels
                .iter()
                .all(|(label, value)| sample.labels.get(*label).is_some_and(|own| own == value))
        })
        .map(|sample| sample.value)
        .reduce(|sum, value| sum + value)
}
