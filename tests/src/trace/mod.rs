//! Traces across services: whose go on here, which are recorded, and what travels.
//!
//! The names in `traceparent` and `tracestate` are those of W3C Trace Context's own conformance suite, so that the two
//! lists can be laid side by side.

mod calls;
mod client;
mod flags;
mod parsers;
mod sampling;
mod services;
mod traceparent;
mod tracestate;
mod trust;
