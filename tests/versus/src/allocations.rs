//! Has the other binary, whose allocator counts, print its rows.

use std::{
    env,
    ffi::OsString,
    process::{Command, Stdio},
};

use versus::table::Table;

pub(crate) fn print(table: &mut Table) {
    run(table, &[]);
}

/// Memory that a series keeps; resident memory is the system's to say, and not the same in every run.
pub(crate) fn resident(table: &mut Table) {
    run(table, &["--", "resident"]);
}

/// Those of the full stack.
pub(crate) fn stack(table: &mut Table) {
    run(table, &["--", "stack"]);
}

/// What is kept while a collector hangs.
pub(crate) fn outage(table: &mut Table) {
    run(table, &["--", "outage"]);
}

fn run(table: &mut Table, arguments: &[&str]) {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let counted = Command::new(cargo)
        .args(["run", "--quiet", "--release", "--bin", "counted"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .args(arguments)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    table.add(counted.success());
}
