use std::borrow::Cow;

use sentry::protocol::{
    Breadcrumb as SentryBreadcrumb, Context, Event, Exception, Level, Map, Stacktrace,
    TraceContext, User, Value, Values,
};

use crate::{
    error::{Breadcrumb, ErrorEvent, ErrorLevel, exchange::STATUS_TYPE},
    trace::{SpanId, TraceId},
};

/// A failure as Sentry has it.
pub(super) fn sentry_event(event: ErrorEvent, stack: Option<Stacktrace>) -> Event<'static> {
    let fingerprint: Vec<Cow<'static, str>> = match event.error_type.as_str() {
        _ if !event.fingerprint.is_empty() => {
            event.fingerprint.into_iter().map(Cow::Owned).collect()
        }
        // Answers known by their status alone have nothing else to be told apart by.
        STATUS_TYPE => vec![
            STATUS_TYPE.into(),
            event.message.clone().into(),
            event.transaction.clone().into(),
        ],
        _ => vec!["{{ default }}".into()],
    };
    let mut extra: Map<String, Value> = event
        .extras
        .into_iter()
        .map(|(key, value)| (key, value.into()))
        .collect();
    if let Some(location) = event.location {
        extra.insert("location".to_owned(), location.into());
    }
    if event.suppressed > 0 {
        extra.insert("suppressed".to_owned(), event.suppressed.into());
    }
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
        level: level(event.level),
        fingerprint: fingerprint.into(),
        timestamp: event.timestamp,
        transaction: Some(event.transaction),
        user: event.user.map(|id| User {
            id: Some(id),
            ..User::default()
        }),
        exception: exceptions(event.error_type, event.message, event.chain, stack),
        breadcrumbs: event
            .breadcrumbs
            .into_iter()
            .map(breadcrumb)
            .collect::<Vec<_>>()
            .into(),
        extra,
        tags,
        contexts: Map::from([(
            "trace".to_owned(),
            trace_context(event.trace_id, event.span_id, event.parent_span_id),
        )]),
        ..Event::default()
    }
}

pub(super) fn trace_context(
    trace_id: TraceId,
    span_id: SpanId,
    parent_span_id: Option<SpanId>,
) -> Context {
    Context::Trace(Box::new(TraceContext {
        trace_id: trace_id.to_bytes().into(),
        span_id: span_id.to_bytes().into(),
        parent_span_id: parent_span_id.map(|id| id.to_bytes().into()),
        ..TraceContext::default()
    }))
}

/// Sentry lists a chain of exceptions from the innermost source outwards.
///
/// An error's own backtrace cannot be had from a stable `Error`; that of a panic is the hook's.
fn exceptions(
    error_type: String,
    message: String,
    chain: Vec<String>,
    stacktrace: Option<Stacktrace>,
) -> Values<Exception> {
    let sources = chain.into_iter().rev().map(|text| Exception {
        ty: "source".to_owned(),
        value: Some(text),
        ..Exception::default()
    });
    sources
        .chain([Exception {
            ty: error_type,
            value: Some(message),
            stacktrace,
            ..Exception::default()
        }])
        .collect::<Vec<_>>()
        .into()
}

fn breadcrumb(line: Breadcrumb) -> SentryBreadcrumb {
    let fields = format!("{{{}}}", line.fields);
    SentryBreadcrumb {
        timestamp: line.timestamp,
        category: Some(line.target.to_owned()),
        level: match line.level {
            "error" => Level::Error,
            "warn" => Level::Warning,
            "info" => Level::Info,
            _ => Level::Debug,
        },
        message: Some(line.message),
        // The user's `before_send` may have made anything of it.
        data: serde_json::from_str(&fields).unwrap_or_default(),
        ..SentryBreadcrumb::default()
    }
}

fn level(level: ErrorLevel) -> Level {
    match level {
        ErrorLevel::Info => Level::Info,
        ErrorLevel::Warning => Level::Warning,
        ErrorLevel::Error => Level::Error,
        ErrorLevel::Fatal => Level::Fatal,
    }
}
