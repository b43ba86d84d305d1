//! That others read our metrics, traces and failures as we mean them: a Prometheus server, promtool, Python's parsers, an
//! OpenTelemetry collector, a server that takes what Sentry takes, and strict readers of our own. Each test starts what
//! it needs; one whose counterpart is not installed says so and passes, unless `MONITOR_LAYER_COUNTERPARTS=required` is
//! set.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

#[cfg(unix)]
mod alerting;
mod catalog;
mod contract;
mod dashboards;
mod deployment;
mod exposition;
mod forms;
mod label_values;
mod parts;
mod rules;
mod sentry;
mod server;
#[cfg(unix)]
mod stopping;
#[cfg(unix)]
mod stopping_under_load;
mod traces;

#[allow(dead_code, reason = "the behaviour tests ask it for more")]
#[path = "../support/collector.rs"]
mod collector;
#[path = "../support/random.rs"]
mod random;
