use std::{borrow::Cow, time::SystemTime};

use opentelemetry::{
    InstrumentationScope, SpanId, TraceFlags, TraceId,
    trace::{Event, Link, SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::attributes::{Attributes, redacted};
use crate::{error::Failure, redact::Redactor, trace::TraceContext};

/// A span of this context, with nothing to tell yet. It is sampled, whatever the context says: others are not exported.
pub(crate) fn span_data(
    context: &TraceContext,
    name: impl Into<Cow<'static, str>>,
    kind: SpanKind,
    (start_time, end_time): (SystemTime, SystemTime),
    scope: InstrumentationScope,
) -> SpanData {
    let parent = context.parent_span_id();
    SpanData {
        span_context: span_context(context),
        parent_span_id: parent.map_or(SpanId::INVALID, span_id),
        parent_span_is_remote: false,
        span_kind: kind,
        name: name.into(),
        start_time,
        end_time,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: links(context),
        status: Status::Unset,
        instrumentation_scope: scope,
    }
}

pub(crate) fn span_context(context: &TraceContext) -> SpanContext {
    // A list that OpenTelemetry reads more strictly than W3C Trace Context level 2 has it is left out.
    let state = context.tracestate();
    let state: Option<TraceState> = state.and_then(|state| state.as_str().parse().ok());
    SpanContext::new(
        TraceId::from_bytes(context.trace_id().to_bytes()),
        span_id(context.span_id()),
        TraceFlags::new(context.flags().bits()) | TraceFlags::SAMPLED,
        false,
        state.unwrap_or_default(),
    )
}

/// To the caller whose trace was not continued.
fn links(context: &TraceContext) -> SpanLinks {
    let mut links = SpanLinks::default();
    links.links.extend(context.link().map(|caller| {
        let flags = TraceFlags::new(caller.flags.bits());
        let trace_id = TraceId::from_bytes(caller.trace_id.to_bytes());
        let state = TraceState::default();
        let linked = SpanContext::new(trace_id, span_id(caller.span_id), flags, true, state);
        Link::with_context(linked)
    }));
    links
}

pub(super) fn span_id(id: crate::trace::SpanId) -> SpanId {
    SpanId::from_bytes(id.to_bytes())
}

/// The event of an error or a panic, by the semantic conventions for exceptions.
pub(crate) fn exception(failure: &Failure, at: SystemTime, redactor: &Redactor) -> Event {
    let mut attributes = Attributes::new(redactor);
    attributes.text("exception.type", &failure.type_name);
    attributes.text("exception.message", &failure.message);
    if !failure.chain.is_empty() {
        let chain: Vec<_> = failure
            .chain
            .iter()
            .map(|source| format!("Caused by: {}", redacted(source, redactor)))
            .collect();
        attributes.known("exception.stacktrace", chain.join("\n"));
    }
    Event::new("exception", at, attributes.list, attributes.dropped)
}
