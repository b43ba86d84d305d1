//! Alerts of what fails: panics, and failures of categories that somebody is to be woken for.

use super::Alert;
use crate::{
    error::{Category, ErrorEvent, ErrorLevel, PANIC_TYPE},
    monitor::Core,
};

/// What raises alerts beside the user's own code.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RaisedBy {
    pub(crate) panics: bool,
    /// In the order of `Category::ALL`.
    pub(crate) categories: [bool; Category::ALL.len()],
    pub(crate) failed_start: bool,
}

impl RaisedBy {
    /// Whether failures raise any.
    pub(crate) fn failures(&self) -> bool {
        self.panics || self.categories.contains(&true)
    }
}

/// A failure was captured, and its exchange or job is over. One that is tried again is no alarm.
pub(crate) fn failed(core: &Core, event: &ErrorEvent) {
    let raised_by = core.alerts.raised_by();
    let is_panic = event.error_type == PANIC_TYPE;
    let is_wanted = is_panic && raised_by.panics || raised_by.categories[event.category as usize];
    if is_wanted && event.level >= ErrorLevel::Error {
        core.alerts.raise(core, alert(event, is_panic), false);
    }
}

fn alert(event: &ErrorEvent, is_panic: bool) -> Alert {
    let what = match (is_panic, event.category) {
        (true, _) => "Panic",
        (_, Category::Auth) => "Auth failure",
        (_, Category::Pipeline) => "Pipeline failure",
        (_, Category::Payment) => "Payment failure",
        (_, Category::Timeout) => "Time-out",
        (_, Category::RateLimit) => "Rate limit",
        (_, Category::Unknown) => "Failure",
    };
    let sources = event.chain.iter().map(|source| format!(": {source}"));
    let description = format!("{}{}", event.message, sources.collect::<String>());
    let mut alert = Alert::critical(format!("{what} in {}", event.transaction))
        .label("category", event.category.as_str())
        .description(description)
        .detail("error", &event.error_type)
        .of_trace(event.trace_id);
    if let Some(code) = &event.code {
        alert = alert.label("code", code.clone());
    }
    for (name, value) in [
        ("step", &event.step),
        ("job", &event.job),
        ("user", &event.user),
        ("location", &event.location),
    ] {
        if let Some(value) = value {
            alert = alert.detail(name, value);
        }
    }
    alert
}
