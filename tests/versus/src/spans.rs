//! A `tracing` span of two fields, made, entered, left and closed inside of another one, which lasts.
//!
//! Where it is sampled, it is exported: built as the SDK's span data and queued for the SDK's batch processor, whose
//! thread throws batches away. Where it is not, ours is under the JSON layer all the same, which formats its fields for
//! lines to come; the peer has no lines.

use std::{io, time::Duration};

use monitor_layer::{__bench::discarding, Monitor};
use tracing::{Dispatch, Span, dispatcher, info_span};
use tracing_subscriber::{layer::SubscriberExt as _, registry};

/// A subscriber, the span around in it, and what sends what is queued.
#[expect(missing_debug_implementations, reason = "what flushes has none")]
pub struct Spans {
    dispatch: Dispatch,
    around: Span,
    flush: Box<dyn Fn()>,
}

const DEADLINE: Duration = Duration::from_secs(10);

impl Spans {
    /// Not sampled, under our JSON layer; what exports is there.
    #[must_use]
    pub fn ours() -> Self {
        let monitor = monitor(0.0);
        let dispatch = Dispatch::new(registry().with(monitor.log_layer()));
        Self::new(dispatch, move || monitor.flush(DEADLINE))
    }

    /// Sampled and exported, under our layer of spans.
    #[must_use]
    pub fn ours_exported() -> Self {
        let monitor = monitor(1.0);
        let dispatch = Dispatch::new(registry().with(monitor.span_layer()));
        Self::new(dispatch, move || monitor.flush(DEADLINE))
    }

    /// Under a registry and nothing else.
    #[must_use]
    pub fn nobody() -> Self {
        Self::new(Dispatch::new(registry()), || ())
    }

    pub(crate) fn new(dispatch: Dispatch, flush: impl Fn() + 'static) -> Self {
        let around = dispatcher::with_default(&dispatch, || info_span!("around"));
        Self {
            dispatch,
            around,
            flush: Box::new(flush),
        }
    }

    /// So many spans, one after the other.
    pub fn make(&self, spans: usize) {
        dispatcher::with_default(&self.dispatch, || {
            self.around.in_scope(|| {
                for number in 0..spans {
                    info_span!("charge", number, plan = "pro").in_scope(|| ());
                }
            });
        });
    }

    /// Has what is queued thrown away, and waits for it.
    pub fn flush(&self) {
        (self.flush)();
    }
}

fn monitor(sample_ratio: f64) -> Monitor {
    Monitor::builder("versus")
        .env("test")
        .log_to(io::sink())
        .sample_ratio(sample_ratio)
        .otlp(discarding())
        .build()
        .unwrap()
}
