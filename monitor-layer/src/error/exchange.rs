use super::{Category, Failure, Origin, classify::from_status};
use crate::{
    exchange::{Cause, End, Outcome},
    monitor::Core,
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
