//! `/metrics`, `/health` and `/ready`, as a plain tower service and on a port of their own.

#[cfg(feature = "server")]
mod accept;
#[cfg(feature = "server")]
mod buffer;
#[cfg(feature = "server")]
mod header_list;
#[cfg(feature = "server")]
mod render;
#[cfg(feature = "server")]
mod scrape;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod serving;

#[cfg(feature = "server")]
pub(crate) use self::render::Scrapes;
#[cfg(feature = "server")]
pub use self::{
    service::{Endpoints, EndpointsFuture},
    serving::ServingEndpoints,
};

/// The paths of the endpoints, below whatever they are mounted at.
#[cfg(feature = "server")]
pub(crate) const PATHS: [&str; 3] = ["/metrics", "/health", "/ready"];
