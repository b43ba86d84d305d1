mod bodies;
mod ends;
mod http2;
mod upgrades;
