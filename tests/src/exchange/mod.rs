mod bodies;
mod ends;
mod http2;
mod ignored;
mod streams;
mod unmeasured;
mod upgrades;
