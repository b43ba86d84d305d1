//! Our instruments, taken out of the layer around them.

pub use monitor_layer::__bench::{DurationHistogram, RequestSeries};
