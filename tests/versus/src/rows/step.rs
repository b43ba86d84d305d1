//! A step over the bare function, without lines and with them. `versus::steps` says what a step is.

use versus::{
    steps::{Instrumented, Step, Steps, bare},
    table::{Row, Table, Unit},
    timing,
};

const ROUNDS: usize = 200;
const STEPS: usize = 1_000;
/// Of a step without lines, on the machine that this was written on: a time of its own, and so one to look at alone.
const QUIET: f64 = 150.0;

pub(crate) fn print(table: &mut Table) {
    let (quiet, told, peer) = (Steps::quiet(), Steps::told(), Instrumented::new());
    for (step, what_quiet, what_told) in [
        (Step::Sync, "step, no line", "step, both lines"),
        (Step::Async, "async step, no line", "async step, both lines"),
    ] {
        let [bare, quiet, told, peer] = timing::in_turns(
            ROUNDS,
            STEPS,
            [
                &mut |steps| bare(step, steps),
                &mut |steps| quiet.run(step, steps, |work| work()),
                &mut |steps| told.run(step, steps, |work| work()),
                &mut |steps| peer.run(step, steps),
            ],
            || (),
        );
        table.print(
            &Row::new(what_quiet, Unit::Nanoseconds, quiet - bare)
                .at_most(QUIET)
                .beside("the bare function", bare),
        );
        table.print(
            &Row::new(what_told, Unit::Nanoseconds, told - bare)
                .peer("tracing::instrument(err, ret), JSON", peer - bare)
                .ratio_at_most(0.3),
        );
    }
}
