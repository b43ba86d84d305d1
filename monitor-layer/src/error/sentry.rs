//! Failures as Sentry events: built from our own context on no scope at all, straight to the client.

use std::{borrow::Cow, sync::Arc, time::Duration};

use sentry::{
    Client, ClientOptions,
    protocol::{Context, Event, Exception, Level, Map, TraceContext, User, Values},
};

use super::{ErrorEvent, exchange::STATUS_TYPE};

/// What a Sentry client is made from.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) dsn: sentry::types::Dsn,
    pub(crate) environment: String,
    pub(crate) release: Option<String>,
}

/// A Sentry client of the monitor's own: it neither needs nor changes the process's hub.
pub(crate) struct Sink(Arc<Client>);

impl Sink {
    pub(crate) fn new(settings: Settings) -> Self {
        let mut options = ClientOptions::new();
        options.dsn = Some(settings.dsn);
        options.environment = Some(settings.environment.into());
        options.release = settings.release.map(Into::into);
        options.default_integrations = false;
        Self(Arc::new(Client::with_options(sentry::apply_defaults(
            options,
        ))))
    }

    pub(crate) fn send(&self, event: ErrorEvent) {
        self.0.capture_event(sentry_event(event), None);
    }

    pub(crate) fn flush(&self, deadline: Duration) {
        self.0.flush(Some(deadline));
    }
}

fn sentry_event(event: ErrorEvent) -> Event<'static> {
    // Answers known by their status alone have nothing else to be told apart by.
    let fingerprint: Vec<Cow<'static, str>> = match event.error_type.as_str() {
        STATUS_TYPE => vec![
            STATUS_TYPE.into(),
            event.message.clone().into(),
            event.transaction.clone().into(),
        ],
        _ => vec!["{{ default }}".into()],
    };
    let mut tags: Map<String, String> = event.tags.into_iter().collect();
    let own = [
        ("service", Some(event.service)),
        ("category", Some(event.category.as_str().to_owned())),
        ("code", event.code),
        ("route", event.route),
        ("step", event.step),
        ("jobId", event.job),
        ("attempt", event.attempt.map(|attempt| attempt.to_string())),
        ("traceId", Some(event.trace_id.to_string())),
    ];
    tags.extend(
        own.into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?))),
    );
    Event {
        level: Level::Error,
        fingerprint: fingerprint.into(),
        timestamp: event.timestamp,
        transaction: Some(event.transaction),
        user: event.user.map(|id| User {
            id: Some(id),
            ..User::default()
        }),
        exception: exceptions(event.error_type, event.message, event.chain),
        tags,
        contexts: Map::from([(
            "trace".to_owned(),
            Context::Trace(Box::new(TraceContext {
                trace_id: event.trace_id.to_bytes().into(),
                span_id: event.span_id.to_bytes().into(),
                parent_span_id: event.parent_span_id.map(|id| id.to_bytes().into()),
                ..TraceContext::default()
            })),
        )]),
        ..Event::default()
    }
}

/// Sentry lists a chain of exceptions from the innermost source outwards.
fn exceptions(error_type: String, message: String, chain: Vec<String>) -> Values<Exception> {
    let sources = chain.into_iter().rev().map(|text| Exception {
        ty: "source".to_owned(),
        value: Some(text),
        ..Exception::default()
    });
    sources
        .chain([Exception {
            ty: error_type,
            value: Some(message),
            ..Exception::default()
        }])
        .collect::<Vec<_>>()
        .into()
}
