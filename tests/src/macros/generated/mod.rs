//! Functions with random signatures and bodies: what compiles bare compiles as a step, and returns the same.

mod body;
mod function;
mod parameter;
mod program;
mod returned;

use std::env;

use super::{compiler::Compiler, scratch::Scratch, source::without_steps};
use crate::support::Random;

/// Functions in one program: a round is two programs that are built and run.
const FUNCTIONS: usize = 200;
/// Set to a number, it makes that many rounds of one, each of other functions.
const ROUNDS: &str = "MACRO_ROUNDS";

#[test]
fn what_compiles_bare_compiles_as_a_step_and_returns_the_same() {
    let rounds = env::var(ROUNDS).map_or(1, |rounds| rounds.parse().unwrap());
    for seed in 0..rounds {
        let step = program::write(&mut Random::new(seed), FUNCTIONS);
        let folder = Scratch::new();
        let run = |text: &str| Compiler::Rustc.run(&folder.write("program.rs", text));
        let (bare, step) = (run(&without_steps(&step)), run(&step));
        let differing: Vec<_> = bare
            .lines()
            .zip(step.lines())
            .filter(|(a, b)| a != b)
            .collect();
        assert!(differing.is_empty(), "seed {seed}: {differing:#?}");
        assert_eq!(bare.lines().count(), step.lines().count());
        assert!(bare.lines().count() > 2 * FUNCTIONS, "seed {seed}: {bare}");
    }
}
