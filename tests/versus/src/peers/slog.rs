//! `slog` with `slog-json`, its fields and those of the logger around it as `o!` takes them.
//!
//! The drain is locked, for `slog-json` is not to be shared otherwise. Its timestamp is RFC 3339 by `chrono`, as by
//! default.

use std::{io, sync::Mutex};

use slog::{Drain as _, Logger, o};

use crate::events::{Event, Surroundings};

/// A logger that bears what surrounds the events.
#[must_use]
pub fn logger(surroundings: &Surroundings) -> Logger {
    let drain = slog_json::Json::new(io::sink()).add_default_keys().build();
    let root = Logger::root(
        Mutex::new(drain).fuse(),
        o!("service" => "versus", "env" => "test"),
    );
    root.new(o!(
        "tenant" => surroundings.tenant,
        "attempt" => surroundings.attempt,
        "region" => surroundings.region,
    ))
}

/// One line.
pub fn log(logger: &Logger, event: &Event) {
    slog::info!(
        logger, "Job picked up";
        "path" => event.path,
        "status" => event.status,
        "bytes" => event.bytes,
        "seconds" => event.seconds,
        "cached" => event.cached,
    );
}
