//! Log entries, byte by byte where that is promised.

mod any;
mod entries;
mod levels;
mod redaction;
mod repeats;
mod spans;
mod thinned;
mod writer;
