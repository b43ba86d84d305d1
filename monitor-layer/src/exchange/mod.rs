//! The one lifecycle: a request and its response, from arrival to the end of the body.
//!
//! # When an exchange is over
//!
//! [`ExchangeLayer`] arms a guard when a request arrives. It lives in the response future, moves to the response
//! body with the head, and to the upgraded connection where there is one. Whatever happens, it reports one
//! [`Outcome`] to its [`Observe`]r, exactly once:
//!
//! | what happened | [`End`] |
//! |---|---|
//! | the body was read to its end, to its trailers or to its declared length; a HEAD, 1xx, 204 or 304 answer | `Completed` |
//! | dropped before there was a head | `Cancelled` |
//! | dropped after the head, before the end | `Aborted` |
//! | the service or the body returned an error | `Failed` |
//! | handler or body panicked | `Panicked` |
//! | the upgraded connection was closed | `Upgraded` |
//!
//! It counts from the first poll of what is inside on, which may leave it unmeasured until then: a counter cannot take
//! back what it has counted.
//!
//! A `poll_ready` error is no exchange and passes through.

mod body;
mod cause;
mod future;
mod grpc;
mod guard;
mod header;
mod ignore;
mod in_flight;
mod layer;
mod observe;
mod outcome;
mod request_body;
mod response;
mod route;
mod stream;
mod unmeasured;
#[cfg(feature = "server")]
mod upgrade;

#[cfg(feature = "server")]
pub(crate) use self::unmeasured::leave_unmeasured;
pub use self::{
    body::ResponseBody,
    future::ResponseFuture,
    grpc::GrpcStatus,
    layer::{ExchangeLayer, ExchangeService},
    observe::{Admission, Observe, RequestHead, ResponseHead},
    outcome::{Cause, End, Outcome},
    request_body::{CountRequestBody, PassRequestBody, RequestBodies, RequestBody, RequestBytes},
    route::{Route, RouteLayer, RouteService},
    stream::StreamKind,
    unmeasured::{UnmeasuredLayer, UnmeasuredService},
};
pub(crate) use self::{
    cause::panic_message,
    future::Options,
    guard::Guard,
    ignore::Ignore,
    in_flight::{InFlight, guarded},
    layer::call,
    observe::admit,
    route::name_route,
};
