use std::{fmt, sync::Arc};

#[cfg(feature = "otlp")]
use tracing::span::Record;
use tracing::{
    Dispatch, Subscriber,
    span::{Attributes, Id},
};
use tracing_subscriber::{Layer, layer::Context};

use super::Spans;
use crate::monitor::Core;

/// Makes every `tracing` span a child of the exchange, job, step or span that it is made in, and exports the sampled
/// ones where the monitor exports.
///
/// Made by [`Monitor::span_layer`](crate::Monitor::span_layer), for a subscriber that has no
/// [`LogLayer`](crate::LogLayer): that one does the same. Where both are in a subscriber they share what they know;
/// give them the same filter, or none.
///
/// ```
/// use monitor_layer::{Monitor, TraceContext};
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let monitor = Monitor::builder("api").build()?;
/// let subscriber = tracing_subscriber::registry().with(monitor.span_layer());
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::info_span!("outer").in_scope(|| {
///         let outer = TraceContext::current().unwrap();
///         tracing::info_span!("inner").in_scope(|| {
///             let inner = TraceContext::current().unwrap();
///             assert_eq!(inner.trace_id(), outer.trace_id());
///             assert_eq!(inner.parent_span_id(), Some(outer.span_id()));
///         });
///     });
/// });
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
pub struct SpanLayer(Spans);

impl SpanLayer {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(Spans::new(Some(core)))
    }

    pub(super) fn spans(&self) -> &Spans {
        &self.0
    }
}

impl<S: Subscriber> Layer<S> for SpanLayer {
    fn on_layer(&mut self, inner: &mut S) {
        self.0.join(inner);
    }

    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.0.join_all(subscriber);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        self.0.opened(attributes, id);
    }

    #[cfg(feature = "otlp")]
    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.0.recorded(id, values);
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        self.0.entered(id);
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        self.0.exited(id);
    }

    #[cfg(feature = "otlp")]
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        self.0.event(event);
    }

    #[cfg(feature = "otlp")]
    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        self.0.followed(id, follows);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.0.closed(&id);
    }
}

impl fmt::Debug for SpanLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SpanLayer").finish_non_exhaustive()
    }
}
