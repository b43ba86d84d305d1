//! How much code a step becomes. How long a compiler takes over it, `tests/versus` measures.

use super::{compiler::Compiler, scratch::Scratch, source::without_steps};

/// As services have them.
const FUNCTIONS: &str = include_str!("../../ui/build/functions.rs");
const START: &str = include_str!("../../ui/build/start.rs");
/// Bytes of a step beyond those of the bare function.
const EXPANSION: usize = 2048;

#[test]
fn a_step_becomes_at_most_two_kilobytes_of_code() {
    let text = START.to_owned() + &FUNCTIONS.replace("pub ", "#[instrument_step]\npub ");
    let folder = Scratch::new();
    let length = |text: &str| {
        let file = folder.write("file.rs", text);
        Compiler::Rustc.expand(&file).len()
    };
    let functions = text.matches("#[instrument_step]").count();
    let grown = (length(&text) - length(&without_steps(&text))) / functions;
    println!("a step is {grown} bytes of code beyond the bare function's");
    assert!((1..=EXPANSION).contains(&grown), "{grown}");
}
