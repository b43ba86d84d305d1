//! Failures: captured once, and where they are sent.

mod once;
mod sentry;
