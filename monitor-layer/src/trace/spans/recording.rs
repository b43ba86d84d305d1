use std::{sync::Arc, time::SystemTime};

use opentelemetry::trace::{Event, Link, SpanKind, Status};
use tracing::Metadata;

use super::{fields::SpanFields, table::OpenSpan};
use crate::{
    monitor::Core,
    trace::{
        TraceContext,
        otlp::{Attributes, span_data},
        spans::FieldValue,
    },
};

/// How many events and links a span has at most, as OpenTelemetry has it.
const MOST: usize = 128;

/// What is kept of a span that is to be exported.
pub(crate) struct Recording {
    metadata: &'static Metadata<'static>,
    started: SystemTime,
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
        metadata: &'static Metadata<'static>,
    ) -> Option<Box<Self>> {
        let wanted = context?.is_sampled() && core?.exporter.is_some();
        wanted.then(|| {
            Box::new(Self {
                metadata,
                started: SystemTime::now(),
                events: Vec::new(),
                dropped_events: 0,
                links: Vec::new(),
                error: None,
            })
        })
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
    fields: SpanFields,
    recording: Box<Recording>,
}

impl Ended {
    pub(super) fn of(span: &mut OpenSpan) -> Option<Self> {
        let recording = span.recording.take()?;
        Some(Self {
            context: span.context.clone()?,
            core: Arc::clone(span.core.as_ref()?),
            fields: std::mem::take(&mut span.fields),
            recording,
        })
    }

    pub(super) fn export(self) {
        let Some(exporter) = &self.core.exporter else {
            return;
        };
        let Recording {
            metadata,
            started,
            events,
            dropped_events,
            links,
            error,
        } = *self.recording;
        let times = (started, SystemTime::now());
        let scope = exporter.scope(&self.core);
        let mut span = span_data(
            &self.context,
            metadata.name(),
            SpanKind::Internal,
            times,
            scope,
        );
        if let Some(error) = error {
            span.status = Status::error(error);
        }
        let mut attributes = Attributes::new(&self.core.redactor);
        attributes.known("target", metadata.target());
        for (key, value) in self.fields.iter() {
            match (key, value) {
                ("otel.name", FieldValue::Text(name)) => span.name = name.to_owned().into(),
                ("otel.kind", FieldValue::Text(text)) => {
                    if let Some(kind) = kind(text) {
                        span.span_kind = kind;
                    }
                }
                ("otel.status_code", FieldValue::Text(text)) => match text.to_ascii_lowercase() {
                    code if code == "ok" => span.status = Status::Ok,
                    code if code == "error" && span.status == Status::Unset => {
                        span.status = Status::error("");
                    }
                    _ => {}
                },
                _ => attributes.field(key, value),
            }
        }
        (span.attributes, span.dropped_attributes_count) = attributes.into_parts();
        span.events.events = events;
        span.events.dropped_count = dropped_events;
        span.links.links.extend(links);
        exporter.send(span);
    }
}

fn kind(text: &str) -> Option<SpanKind> {
    let kinds = [
        ("server", SpanKind::Server),
        ("client", SpanKind::Client),
        ("producer", SpanKind::Producer),
        ("consumer", SpanKind::Consumer),
        ("internal", SpanKind::Internal),
    ];
    let known = kinds
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    known.map(|(_, kind)| kind)
}
