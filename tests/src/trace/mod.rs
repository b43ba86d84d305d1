//! W3C Trace Context level 2, as a real service keeps to it. The names in `traceparent` and `tracestate` are those of the
//! specification's own conformance suite, so that the two lists can be laid side by side.

mod calls;
mod flags;
mod parsers;
mod traceparent;
mod tracestate;
