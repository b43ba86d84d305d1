use std::{sync::Arc, time::SystemTime};

use opentelemetry::trace::{Event, Link, SpanKind, Status};
use tracing::{Metadata, span::Attributes};

use super::{fields::SpanFields, second_tracer, table::OpenSpan};
use crate::{
    monitor::Core,
    trace::{TraceContext, otlp::span_data},
};

/// How many events and links a span has at most, as OpenTelemetry has it.
const MOST: usize = 128;

/// What is kept of a span that is to be exported.
pub(crate) struct Recording {
    metadata: &'static Metadata<'static>,
    started: SystemTime,
    fields: SpanFields,
    events: Vec<Event>,
    dropped_events: u32,
    links: Vec<Link>,
    /// What the last event of level `ERROR` said.
    error: Option<String>,
}

impl Recording {
    /// For spans that are sampled, of a monitor that exports.
    pub(super) fn wanted(
        context: Option<&TraceContext>,
        core: Option<&Core>,
        attributes: &Attributes<'_>,
    ) -> Option<Box<Self>> {
        let core = core.filter(|core| core.exporter.is_some())?;
        context.filter(|context| context.is_sampled())?;
        second_tracer::look_around(core);
        let metadata = attributes.metadata();
        let mut fields = SpanFields::with("target", metadata.target(), attributes.fields().len());
        fields.record(&core.redactor, |visitor| attributes.record(visitor));
        Some(Box::new(Self {
            metadata,
            started: SystemTime::now(),
            fields,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            error: None,
        }))
    }

    /// Takes over what was recorded anew.
    pub(super) fn add_fields(&mut self, newer: SpanFields) {
        self.fields.replace_all(newer);
    }

    pub(super) fn add_event(&mut self, event: Event, is_error: bool) {
        if is_error {
            self.error = Some(event.name.clone().into_owned());
        }
        if self.events.len() == MOST {
            self.dropped_events += 1;
        } else {
            self.events.push(event);
        }
    }

    pub(super) fn add_link(&mut self, link: Link) {
        if self.links.len() < MOST {
            self.links.push(link);
        }
    }
}

/// A recorded span that is closed.
pub(super) struct Ended {
    context: TraceContext,
    core: Arc<Core>,
    recording: Box<Recording>,
}

impl Ended {
    pub(super) fn of(span: &mut OpenSpan) -> Option<Self> {
        let recording = span.recording.take()?;
        Some(Self {
            context: span.context.take()?,
            core: span.core.take()?,
            recording,
        })
    }

    pub(super) fn export(self) {
        let Some(exporter) = &self.core.exporter else {
            return;
        };
        let recording = *self.recording;
        let mut span = span_data(
            &self.context,
            recording.metadata.name(),
            SpanKind::Internal,
            (recording.started, SystemTime::now()),
            exporter.scope(&self.core),
        );
        if let Some(error) = recording.error {
            span.status = Status::error(error);
        }
        recording.fields.describe(&mut span);
        span.events.events = recording.events;
        span.events.dropped_count = recording.dropped_events;
        span.links.links.extend(recording.links);
        exporter.send(span);
    }
}
