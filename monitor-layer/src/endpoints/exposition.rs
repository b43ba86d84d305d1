//! Stands in for `metrics::exposition`: every format is today's text.

use prometheus::Registry;

use crate::metrics::{self, Metrics};

/// A format of the exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    OpenMetrics,
    Protobuf,
}

impl Format {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }
}

pub(crate) fn expose(
    registry: &Registry,
    metrics: &Metrics,
    _format: Format,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    out.clear();
    let text = metrics::text(registry, metrics).map_err(|error| error.to_string())?;
    out.extend_from_slice(&text);
    Ok(())
}
