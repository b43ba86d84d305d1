//! Failures: captured once, and where they are sent.

mod before_send;
mod breadcrumbs;
mod isolated;
mod isolation;
mod limit;
mod lines;
mod once;
mod report;
mod sentry;
mod sessions;
mod transactions;
mod transport;
mod units;
