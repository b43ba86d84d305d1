//! Log entries, byte by byte where that is promised.

mod any;
mod entries;
mod redaction;
mod spans;
mod writer;
