use std::{env, fs, path::Path};

use super::{
    compiler::{Compiler, TESTS},
    diagnostic::Diagnostic,
    difference::Difference,
    scratch::Scratch,
    source::{files, read, without_steps},
};

#[test]
fn functions_that_compile_without_the_macro_compile_with_it() {
    let mut failed = Vec::new();
    for file in files("ui/pass") {
        let folder = Scratch::new();
        let bare = folder.write("bare.rs", &without_steps(&read(&file)));
        for file in [bare, file] {
            let said = Compiler::Rustc.check(&file, &["-Dwarnings"]);
            failed.extend(said.iter().map(|said| said.rendered().to_owned()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn clippy_says_nothing_of_a_step_that_it_does_not_say_of_the_bare_function() {
    let Some(clippy) = Compiler::clippy() else {
        return;
    };
    let mut failed = Vec::new();
    for file in files("ui/pass") {
        let difference = Difference::of(clippy, &file);
        for added in difference.added() {
            failed.push(format!("{}:{added}", file.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// `UPDATE=1` writes what is said now.
#[test]
fn a_mistake_is_one_error_at_the_right_place() {
    let mut failed = Vec::new();
    for file in files("ui/fail") {
        let said: String = Compiler::Rustc
            .check(&file, &[])
            .iter()
            .map(Diagnostic::rendered)
            .collect();
        let expected_file = Path::new(TESTS).join(&file).with_extension("stderr");
        if env::var_os("UPDATE").is_some() {
            fs::write(&expected_file, said.trim_end().to_owned() + "\n").unwrap();
        }
        let expected = fs::read_to_string(&expected_file).unwrap_or_default();
        if said.trim_end() != expected.trim_end() {
            failed.push(format!("{} says\n{said}\nfor\n{expected}", file.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
