//! Calls to other services: each a span of its own, told to the callee and measured.

mod headers;
mod host_groups;
mod layer;
mod observer;

pub use self::{
    layer::{ClientLayer, ClientService},
    observer::ClientObserver,
};
