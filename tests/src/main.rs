//! What users rely on, over real sockets wherever a socket decides it.

mod conservation;
mod exchange;
mod monitor;
mod support;
