//! Checks of what many services depend on. Each blocks a thread of its own for no longer than its time limit, so that
//! neither a resolver nor a server that hangs holds up a runtime, or its end.

#[cfg(feature = "disk-checks")]
mod disk_space;
#[cfg(feature = "http-checks")]
mod http;
mod tcp;
