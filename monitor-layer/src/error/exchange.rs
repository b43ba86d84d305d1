use super::{Category, Failure, Origin, classify::from_status};
use crate::{
    exchange::{Cause, End, Outcome},
    monitor::Core,
    trace::current,
};

/// The type of failures that are known by an answer's status alone.
pub(super) const STATUS_TYPE: &str = "http.status";

/// Captures the exchange that is current, if it failed by a 5xx answer, an error or a panic; gives back what failed.
pub(crate) fn capture_exchange(core: &Core, outcome: &Outcome<'_>) -> Option<Failure> {
    let failure = failure(core, outcome)?;
    let origin = Origin::Exchange {
        method: outcome.method.as_str(),
        route: outcome.route_label(),
    };
    Some(core.errors.capture(core, origin, failure))
}

/// The exchange that is current is over, and with it the waiting of what failed in it.
pub(crate) fn exchange_ended(core: &Core, outcome: &Outcome<'_>) {
    let unit = current::with_current(|scope| scope?.unit.clone());
    if let Some(unit) = unit {
        // Known at last, for whatever failed before it was.
        if let Some(route) = outcome.route {
            unit.lock().route = Some(route.clone());
        }
        core.errors.unit_ended(core, &unit, false);
    }
}

fn failure(core: &Core, outcome: &Outcome<'_>) -> Option<Failure> {
    match (outcome.end, outcome.cause) {
        (_, Some(Cause::Panic(message))) => Some(Failure::panicked(core, message)),
        (_, Some(Cause::Error(error))) => Some(Failure::error(core, error)),
        (_, Some(Cause::Opaque(type_name))) => Some(Failure::plain(
            type_name,
            format!("the service failed with a {type_name}"),
            Category::Unknown,
        )),
        (End::Cancelled, None) => None,
        (_, None) if outcome.status.is_server_error() => Some(Failure::plain(
            STATUS_TYPE,
            format!("answered {}", outcome.status),
            from_status(outcome.status.as_u16()).unwrap_or(Category::Unknown),
        )),
        (_, None) => None,
    }
}
