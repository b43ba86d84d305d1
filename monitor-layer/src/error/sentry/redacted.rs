use sentry::protocol::{Context, Event, Map, Value};

use crate::redact::{REDACTED, Redactor};

/// Takes out the secrets of what the user's code told the SDK, and of events that it gave to it.
pub(super) fn redact(event: &mut Event<'static>, redactor: &Redactor) {
    if let Some(message) = &mut event.message {
        redact_text("", message, redactor);
    }
    if let Some(entry) = &mut event.logentry {
        redact_text("", &mut entry.message, redactor);
        for value in &mut entry.params {
            redact_value("", value, redactor);
        }
    }
    for exception in &mut event.exception.values {
        if let Some(text) = &mut exception.value {
            redact_text("", text, redactor);
        }
    }
    for (key, text) in &mut event.tags {
        redact_text(key, text, redactor);
    }
    redact_values(&mut event.extra, redactor);
    for breadcrumb in &mut event.breadcrumbs.values {
        if let Some(message) = &mut breadcrumb.message {
            redact_text("", message, redactor);
        }
        redact_values(&mut breadcrumb.data, redactor);
    }
    for (key, context) in &mut event.contexts {
        match context {
            Context::Other(_) if redactor.is_sensitive(key) => {
                *context = Context::Other(Map::from([(key.clone(), REDACTED.into())]));
            }
            Context::Other(values) => redact_values(values, redactor),
            _ => {}
        }
    }
    if let Some(user) = &mut event.user {
        redact_values(&mut user.other, redactor);
    }
}

fn redact_values(values: &mut Map<String, Value>, redactor: &Redactor) {
    for (key, value) in values {
        redact_value(key, value, redactor);
    }
}

/// Strings in a list are under the list's key.
fn redact_value(key: &str, value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => redact_text(key, text, redactor),
        Value::Array(list) => list
            .iter_mut()
            .for_each(|value| redact_value(key, value, redactor)),
        Value::Object(members) => {
            for (key, value) in members {
                redact_value(key, value, redactor);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn redact_text(key: &str, text: &mut String, redactor: &Redactor) {
    if redactor.is_sensitive(key) {
        REDACTED.clone_into(text);
    } else if let std::borrow::Cow::Owned(redacted) = redactor.text(text) {
        *text = redacted;
    }
}
