mod client;
pub(crate) mod collector;
mod dropped;
mod random;
mod recorder;
mod send;
mod server;
mod streams;
mod wait;
mod written;

pub(crate) use self::{
    client::Client,
    dropped::dropped_lines,
    random::Random,
    recorder::{Record, Recorder},
    send::{Answer, send, send_request},
    server::Server,
    streams::Chunks,
    wait::eventually,
    written::Written,
};
