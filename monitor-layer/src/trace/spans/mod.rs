//! What `tracing` spans are to us: children of the current [`TraceContext`](super::TraceContext).
//!
//! The log layer and the span layer see the same spans, alone or side by side in one subscriber, and keep what they
//! know of them in one [`SpanTable`]. A span's context is current while it is entered, so that lines, steps and
//! client calls inside take it for their parent without knowing of `tracing`.

mod entered;
#[cfg(feature = "otlp")]
mod fields;
mod layer;
mod observe;
#[cfg(feature = "otlp")]
mod recording;
mod second_tracer;
mod table;

pub use self::layer::SpanLayer;
pub(crate) use self::{entered::EnteredSpans, observe::Spans, table::Around};
