//! Identity: which trace and span a piece of work belongs to.
//!
//! [`TraceContext`] is the one authority on ids. It needs no subscriber and no exporter: log lines, error events,
//! exemplars and exported spans all read theirs from it.

mod context;
pub(crate) mod current;
#[cfg(feature = "testing")]
pub(crate) mod fuzz;
mod ids;
mod layer;
mod sampling;
mod scope;
mod scoped;
mod tracestate;
mod w3c;

pub(crate) use self::layer::{X_TRACE_ID, inbound_scope};
pub use self::{
    context::{Inbound, TraceContext},
    current::{Current, current},
    ids::{SpanId, TraceFlags, TraceId},
    layer::{TraceContextFuture, TraceContextLayer, TraceContextService},
    sampling::{InvalidRatio, Sampler},
    scoped::InScope,
    tracestate::TraceState,
    w3c::Parent,
};
