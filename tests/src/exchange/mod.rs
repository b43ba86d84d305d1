mod bodies;
mod ends;
mod http2;
mod streams;
mod upgrades;
