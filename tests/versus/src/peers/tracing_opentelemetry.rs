//! `tracing-opentelemetry` over the SDK, with a batch processor whose exporter throws away.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracer, SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::{Dispatch, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{layer::SubscriberExt as _, registry::LookupSpan};

use crate::spans::Spans;

/// As its documentation shows it.
#[must_use]
pub fn default(sampled: bool) -> Spans {
    spans(sampled, |layer| layer)
}

/// Without code location, thread, busy and idle times, and without making spans OpenTelemetry's current ones.
#[must_use]
pub fn tuned(sampled: bool) -> Spans {
    spans(sampled, layer_tuned)
}

/// Turns off what a layer does by default and can be without.
pub(super) fn layer_tuned<S>(
    layer: OpenTelemetryLayer<S, SdkTracer>,
) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    layer
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
}

type Layer = OpenTelemetryLayer<tracing_subscriber::Registry, SdkTracer>;

fn spans(sampled: bool, tune: impl FnOnce(Layer) -> Layer) -> Spans {
    let sampler = match sampled {
        true => Sampler::AlwaysOn,
        false => Sampler::AlwaysOff,
    };
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(sampler)))
        .with_batch_exporter(Nowhere)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("versus"));
    let subscriber = tracing_subscriber::registry().with(tune(layer));
    Spans::new(Dispatch::new(subscriber), move || {
        provider.force_flush().unwrap();
    })
}

/// Throws batches away.
#[derive(Debug)]
pub(super) struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}
