//! Log entries, byte by byte where that is promised.

mod entries;
mod redaction;
mod writer;
