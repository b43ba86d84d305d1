//! Finds `tracing-opentelemetry` beside us, which gives each span an id of its own and exports it under that.

use std::{any::type_name, sync::atomic::Ordering};

use crate::monitor::Core;

/// Warns where its layer stands in the type of a subscriber.
pub(super) fn look_into<S: ?Sized>(core: &Core) {
    if type_name::<S>().contains("tracing_opentelemetry::") {
        warn(core);
    }
}

/// Warns where a span of it is active, as it is inside of another one: a layer may be in a box, or be put on later.
#[cfg(feature = "otlp")]
pub(super) fn look_around(core: &Core) {
    use opentelemetry::{Context, trace::TraceContextExt as _};

    if core.warned_of_second_tracer.load(Ordering::Relaxed) {
        return;
    }
    let is_there = Context::map_current(|context| {
        let span = context.has_active_span().then(|| context.span());
        // A caller's may be there for other reasons.
        span.is_some_and(|span| !span.span_context().is_remote())
    });
    if is_there {
        warn(core);
    }
}

#[cold]
fn warn(core: &Core) {
    if core.warned_of_second_tracer.swap(true, Ordering::Relaxed) {
        return;
    }
    #[cfg(feature = "otlp")]
    let exports = core.exporter.is_some();
    #[cfg(not(feature = "otlp"))]
    let exports = false;
    let consequence = match exports {
        true => "each span is exported twice, under two ids",
        false => "spans are exported under other ids than log lines and exemplars have",
    };
    let warning = format!(
        "tracing-opentelemetry is in use beside this monitor: {consequence}. Take its OpenTelemetryLayer out of the \
         subscriber, and the tracer provider that it was made with out of the service; the monitor exports by \
         OTEL_EXPORTER_OTLP_ENDPOINT or MonitorBuilder::otlp, with the feature otlp"
    );
    core.log.warning(core, &warning);
}
