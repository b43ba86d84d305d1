//! What users rely on, over real sockets wherever a socket decides it.

mod conservation;
mod errors;
mod exchange;
mod log;
mod macros;
mod monitor;
mod support;
mod work;
