//! What `#[instrument_step]` takes, what it leaves as it was, and what it says of what it does not take.

mod artifacts;
mod compiler;
mod diagnostic;
mod difference;
mod expansion;
mod generated;
mod parity;
mod scratch;
mod sizes;
mod source;
mod traps;
mod ui;
