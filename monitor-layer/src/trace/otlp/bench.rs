//! An export without the sending, for benchmarks; no part of the public interface.

use super::Otlp;

/// An export that does all but send: spans are built and queued, the thread that would send them throws them away.
#[must_use]
pub fn discarding() -> Otlp {
    Otlp {
        discard: true,
        ..Otlp::new("http://localhost:4318")
    }
}
