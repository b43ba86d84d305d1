//! Compilers say the same of the step and of the bare function.

use std::{env, fs, path::Path};

use super::{
    compiler::{Compiler, TESTS},
    difference::Difference,
    source::files,
};

#[test]
fn errors_and_warnings_are_those_of_the_bare_function_at_their_places() {
    compare("ui/parity/rustc", Compiler::Rustc);
}

#[test]
fn clippy_warns_of_a_step_as_of_the_bare_function() {
    if let Some(clippy) = Compiler::clippy() {
        compare("ui/parity/clippy", clippy);
    }
}

/// What cannot be the same stands in a file beside, with the reason in the source. `UPDATE=1` writes it anew.
fn compare(folder: &str, compiler: Compiler) {
    let mut failed = Vec::new();
    for file in files(folder) {
        let difference = Difference::of(compiler, &file).to_string();
        let expected_file = Path::new(TESTS).join(&file).with_extension("difference");
        if env::var_os("UPDATE").is_some() {
            match difference.is_empty() {
                true => drop(fs::remove_file(&expected_file)),
                false => fs::write(&expected_file, &difference).unwrap(),
            }
        }
        let expected = fs::read_to_string(&expected_file).unwrap_or_default();
        if difference != expected {
            failed.push(format!("{}:\n{difference}for\n{expected}", file.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
