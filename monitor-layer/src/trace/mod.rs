//! Identity: which trace and span a piece of work belongs to.
//!
//! [`TraceContext`] is the one authority on ids. It needs no subscriber and no exporter: log lines, error events,
//! exemplars and exported spans all read theirs from it.

mod carrier;
mod client;
mod context;
pub(crate) mod current;
mod forced;
#[cfg(feature = "testing")]
pub(crate) mod fuzz;
mod hex;
mod ids;
mod inbound;
mod layer;
mod network;
#[cfg(feature = "otlp")]
pub(crate) mod otlp;
mod sampling;
mod scope;
mod scoped;
pub(crate) mod spans;
mod tracestate;
mod trust;
mod w3c;

#[cfg(feature = "server")]
pub(crate) use self::inbound::leave_unsampled;
#[cfg(feature = "otlp")]
pub use self::otlp::Otlp;
pub use self::{
    carrier::Carrier,
    client::{ClientLayer, ClientObserver, ClientService},
    context::TraceContext,
    current::{Current, current},
    ids::{SpanId, TraceFlags, TraceId},
    inbound::Inbound,
    layer::{TraceContextFuture, TraceContextLayer, TraceContextService},
    network::{InvalidNetwork, Network, PeerAddress},
    sampling::{InvalidRatio, Sampler},
    scoped::InScope,
    spans::SpanLayer,
    tracestate::TraceState,
    trust::{Trust, TrustPolicy},
    w3c::Parent,
};
pub(crate) use self::{inbound::inbound_scope, layer::X_TRACE_ID, sampling::Threshold};
