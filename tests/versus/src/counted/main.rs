//! Prints what is counted: allocations and bytes. The allocator that counts them is `allocation-counter`'s, and it
//! counts those of the thread alone.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on is of no use"
)]

mod operations;
mod resident;
mod scrape;

use std::{env, process::ExitCode};

use versus::table::Table;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut table = Table::resume();
    match arguments[..] {
        [] => {
            operations::print(&mut table);
            operations::stack(&mut table);
            operations::outage(&mut table);
            scrape::print(&mut table);
        }
        ["resident"] => resident::print(&mut table),
        ["stack"] => operations::stack(&mut table),
        ["outage"] => operations::outage(&mut table),
        [whose, ..] => return resident::measure(whose),
    }
    table.finish()
}
