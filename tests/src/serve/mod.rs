//! `monitor.serve`: connections, and the way to the end of a process.

mod connections;
mod draining;
mod overdue;
mod own_server;
mod protocols;
mod served;
mod workers;
