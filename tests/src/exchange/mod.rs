mod bodies;
mod ends;
mod http2;
mod ignored;
mod plain;
mod streams;
mod unmeasured;
pub(crate) mod upgrades;
