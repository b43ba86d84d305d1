//! What users rely on, over real sockets wherever a socket decides it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and some are about panics"
)]

mod alerts;
mod conservation;
mod errors;
mod exchange;
mod grpc;
mod health;
mod log;
mod macros;
mod metrics;
mod monitor;
mod serve;
mod spans;
mod support;
mod trace;
mod work;
