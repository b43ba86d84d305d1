//! `/metrics`, `/health` and `/ready`, as a plain tower service and on a port of their own.

#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod serving;

#[cfg(feature = "server")]
pub use self::{
    service::Endpoints,
    serving::{ServeError, ServingEndpoints},
};

/// The paths of the endpoints, below whatever they are mounted at.
#[cfg(feature = "server")]
pub(crate) const PATHS: [&str; 3] = ["/metrics", "/health", "/ready"];

/// Whether a request to this path might be answered by the monitor's own endpoints, which is known only once they
/// have: a user's own `/health` is one like others.
pub(crate) fn may_answer(path: &str) -> bool {
    #[cfg(feature = "server")]
    {
        PATHS.iter().any(|own| path.ends_with(own))
    }
    #[cfg(not(feature = "server"))]
    {
        let _ = path;
        false
    }
}
