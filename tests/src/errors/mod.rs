//! Failures: captured once, and where they are sent.

mod before_send;
mod breadcrumbs;
mod limit;
mod lines;
mod once;
mod report;
mod sentry;
mod units;
