//! The peers, set up as their documentation shows, all with the 13 buckets of `http_request_duration_seconds`.

pub mod metrics;
pub mod opentelemetry;
pub mod prometheus;
pub mod prometheus_client;
pub mod slog;
pub mod stack;
pub mod tracing_opentelemetry;

const NAME: &str = "http_request_duration_seconds";
const HELP: &str = "From the arrival of a request to the end of its response.";
