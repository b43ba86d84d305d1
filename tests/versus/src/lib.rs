//! What monitor-layer costs, beside its peers from crates.io, in one run on one machine.
//!
//! `cargo run --release --manifest-path tests/versus/Cargo.toml` prints the whole table and fails where a row does not
//! hold. With `-- allocations` or `-- instructions` it prints those alone: they come out the same on a busy machine.
//! With `-- request`, `stack`, `outage`, `observe`, `threads`, `find`, `scrape`, `line`, `span` or `step` it times that one
//! group. `-- build` tells how long a compiler takes over 400 steps.
//!
//! How the figures come about:
//!
//! - Nanoseconds are CPU time of the one thread that works ([`timing`]), but for two threads at once, which is wall time.
//!   Rounds of ours and of the peers take turns, and each is judged by its best round: a busy machine only adds.
//! - Allocations are counted by a binary of its own, `counted`, whose allocator would make what is timed slower.
//! - Instructions are callgrind's, of N operations subtracted from 2 N, so that the start of the process falls out.
//! - Peers are used as their documentation shows, and where there is a choice, in the way that is cheapest for them.
//!
//! Only the ratios of one run say something; absolute figures are this machine's.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on is of no use"
)]

pub mod collectors;
pub mod events;
pub mod ours;
pub mod peers;
pub mod requests;
pub mod scrapes;
pub mod spans;
pub mod steps;
pub mod table;
pub mod timing;
pub mod workload;
