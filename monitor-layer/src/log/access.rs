use std::sync::{Arc, atomic::Ordering};

use tracing::Level;

use super::{Fields, Key, OWN_TARGET, Opening};
use crate::{
    error::Failure,
    exchange::{End, Outcome, RequestHead},
    monitor::Core,
    trace::current,
};

/// The target of the request lines, for directives in `LOG_LEVEL`.
const TARGET: &str = "monitor_layer::request";

/// Which request lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccessLog {
    /// `Request started` and `Request completed`.
    #[default]
    Both,
    /// `Request completed` alone.
    Completed,
    /// `Request completed` of those that did not end well: 5xx, failed, panicked, cancelled, aborted.
    Failed,
    /// None.
    Off,
}

/// The lines of one exchange.
pub(crate) struct AccessExchange {
    opening: Arc<Opening>,
}

impl AccessExchange {
    /// Holds back `Request started`; `None` where no line is to come.
    pub(crate) fn start(core: &Arc<Core>, request: &RequestHead<'_>) -> Option<Self> {
        if core.access_log == AccessLog::Off || !core.log.enabled(TARGET, Level::ERROR) {
            return None;
        }
        let wanted = core.access_log == AccessLog::Both && core.log.enabled(TARGET, Level::INFO);
        let opening = Arc::new(Opening::new(core, request, wanted));
        if wanted {
            hold_back(Some(Arc::clone(&opening)));
        }
        Some(Self { opening })
    }

    /// Writes `Request started`, if something inside has not had it written.
    pub(crate) fn admit(&self) {
        hold_back(None);
        self.opening.write();
    }

    /// Writes `Request completed`.
    pub(crate) fn end(self, core: &Core, outcome: &Outcome<'_>, failure: Option<&Failure>) {
        let level = level(outcome);
        if core.access_log == AccessLog::Failed && level == Level::INFO {
            return;
        }
        core.log
            .line(core, TARGET, level, "Request completed", |fields| {
                fields.string(Key::METHOD, outcome.method.as_str());
                fields.string(Key::PATH, self.opening.path());
                fields.string(Key::ROUTE, outcome.route_label());
                fields.number(Key::STATUS, outcome.status.as_u16());
                fields.milliseconds(Key::DURATION_MS, outcome.elapsed);
                fields.known(Key::OUTCOME, outcome.end.as_str());
                if let Some(failure) = failure {
                    if outcome.cause.is_some() {
                        fields.failure(Key::ERROR, failure);
                    }
                    fields.known(Key::CATEGORY, failure.classification.category.as_str());
                }
                add_tags(fields);
            });
    }
}

/// An exchange that is over without having been admitted was left unmeasured: its line is not written any more.
impl Drop for AccessExchange {
    fn drop(&mut self) {
        self.opening.settle();
    }
}

fn hold_back(opening: Option<Arc<Opening>>) {
    current::with_current(|scope| {
        if let Some(scope) = scope {
            scope.opening = opening;
        }
    });
}

/// Says once what to add where a layer cannot see routes.
pub(crate) fn warn_of_unmatched(core: &Core, outcome: &Outcome<'_>) {
    let hidden = outcome.route.is_none() && outcome.status.is_success();
    if hidden && !core.log.warned_of_unmatched.swap(true, Ordering::Relaxed) {
        core.log.line(
            core,
            OWN_TARGET,
            Level::WARN,
            "A request was answered, but its route is not known here: it counts as `unmatched`. Put the layer on by \
             `Router::layer`, or add `.route_layer(RouteLayer::new())` to the router inside",
            |_| {},
        );
    }
}

/// The tags that were added from inside.
pub(crate) fn add_tags(fields: &mut Fields) {
    current::with_current(|scope| {
        if let Some(unit) = scope.and_then(|scope| scope.unit.as_ref()) {
            for (key, value) in &unit.lock().tags {
                fields.tag(key, value);
            }
        }
    });
}

fn level(outcome: &Outcome<'_>) -> Level {
    match outcome.end {
        End::Failed | End::Panicked => Level::ERROR,
        _ if outcome.status.is_server_error() => Level::ERROR,
        End::Cancelled | End::Aborted => Level::WARN,
        End::Completed | End::Upgraded => Level::INFO,
    }
}
