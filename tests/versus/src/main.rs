//! Prints the table; the library's page says how.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on is of no use"
)]

mod allocations;
mod build;
mod instructions;
mod rows;

use std::{env, process::ExitCode};

use versus::table::Table;

const USAGE: &str = "versus [request | stack | outage | observe | threads | find | scrape | line | span | step | allocations | resident | instructions | build]";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [instructions::OPERATE, operation, count] => instructions::operate(operation, count),
        [rows::stack::SERVED] => {
            let mut table = Table::resume();
            rows::stack::served(&mut table);
            table.finish()
        }
        [] => print(&GROUPS.map(|(_, group)| group)),
        // The whole table has their allocations with all others.
        ["stack"] => print(&[stack, allocations::stack]),
        ["outage"] => print(&[rows::outage::print, allocations::outage]),
        [name] => match GROUPS.iter().find(|(group, _)| *group == name) {
            Some((_, group)) => print(&[*group]),
            None => usage(),
        },
        _ => usage(),
    }
}

type Group = fn(&mut Table);

const GROUPS: [(&str, Group); 14] = [
    ("request", rows::request::print),
    ("stack", stack),
    ("outage", rows::outage::print),
    ("observe", rows::observe::print),
    ("threads", rows::threads::print),
    ("find", rows::find::print),
    ("scrape", rows::scrape::print),
    ("line", rows::line::print),
    ("span", rows::span::print),
    ("step", rows::step::print),
    ("allocations", allocations::print),
    ("resident", allocations::resident),
    ("instructions", instructions::print),
    ("build", build::print),
];

fn stack(table: &mut Table) {
    rows::stack::print(table);
    rows::stack::print_served(table);
}

fn print(groups: &[Group]) -> ExitCode {
    let mut table = Table::start();
    for group in groups {
        group(&mut table);
    }
    table.finish()
}

fn usage() -> ExitCode {
    println!("usage: {USAGE}");
    ExitCode::FAILURE
}
