use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tracing::Level;

use super::{Fields, Key, OWN_TARGET, Opening, control::ThinnedExchange, thinned::Thinned};
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
    /// `None` where no request line is to come.
    opening: Option<Arc<Opening>>,
    thinned: Option<ThinnedExchange>,
}

impl AccessExchange {
    /// Holds back `Request started`; `None` where there is nothing to do for lines.
    pub(crate) fn start(core: &Arc<Core>, request: &RequestHead<'_>) -> Option<Self> {
        let thinned = core.log.begin_exchange();
        let tells_all = core.log.enabled(TARGET, Level::INFO);
        let tells_some = tells_all || core.log.enabled(TARGET, Level::ERROR);
        if core.access_log == AccessLog::Off || !tells_some {
            return thinned.map(|thinned| Self {
                opening: None,
                thinned: Some(thinned),
            });
        }
        let wanted = core.access_log == AccessLog::Both && tells_all;
        let opening = Arc::new(Opening::new(core, request, wanted));
        if wanted {
            hold_back(Some(Arc::clone(&opening)));
        }
        Some(Self {
            opening: Some(opening),
            thinned,
        })
    }

    /// Writes `Request started`, if something inside has not had it written.
    pub(crate) fn admit(&self) {
        if let Some(opening) = &self.opening {
            hold_back(None);
            opening.write();
        }
    }

    /// Writes `Request completed`, after what was held back, unless the exchange is thinned.
    pub(crate) fn end(mut self, core: &Core, outcome: &Outcome<'_>, failure: Option<&Failure>) {
        let level = level(outcome);
        let thinned = self.thinned.take().map(|exchange| {
            let is_well = level == Level::INFO;
            core.log
                .end_exchange(core, exchange, is_well, outcome.elapsed)
        });
        let adjusted_count = match thinned {
            Some(Err(Thinned)) => return,
            Some(Ok(adjusted_count)) => adjusted_count,
            None => None,
        };
        let Some(opening) = &self.opening else {
            return;
        };
        if core.access_log == AccessLog::Failed && level == Level::INFO {
            return;
        }
        core.log
            .line(core, TARGET, level, "Request completed", |fields| {
                fields.method(outcome.method);
                fields.string(Key::PATH, opening.path());
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
                if let Some(count) = adjusted_count {
                    fields.float(Key::ADJUSTED_COUNT, count);
                }
                add_tags(fields);
            });
    }
}

/// An exchange that is over without having been admitted was left unmeasured: its line is not written any more, and
/// those of others within it are not thinned.
impl Drop for AccessExchange {
    fn drop(&mut self) {
        if let Some(opening) = &self.opening {
            opening.settle();
        }
        if let Some(exchange) = self.thinned.take() {
            let core = current::with_current(|scope| scope?.core.clone());
            if let Some(core) = core {
                let is_well = false;
                drop(
                    core.log
                        .end_exchange(&core, exchange, is_well, Duration::ZERO),
                );
            }
        }
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
