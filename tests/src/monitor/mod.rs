mod bounded;
mod endpoints;
mod identity;
mod lines;
mod orders;
mod panics;
mod routes;
mod sizes;
