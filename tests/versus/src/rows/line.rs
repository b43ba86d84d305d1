//! A JSON line of five fields in a span of three, made and handed over to nowhere, by the thread that logs.
//!
//! Ours reads the clock, and looks for secrets in each text and key; slog-json reads the clock.

use versus::{
    events::{self, Ours, SURROUNDINGS, events},
    peers,
    table::{Row, Table, Unit},
    timing,
    workload::Lap,
};

const ROUNDS: usize = 200;
const LINES: usize = 2_000;

pub(crate) fn print(table: &mut Table) {
    let lap = Lap::of(events(1));
    let ours = Ours::new(&SURROUNDINGS);
    let slog = peers::slog::logger(&SURROUNDINGS);
    let [ours, slog] = timing::in_turns(
        ROUNDS,
        LINES,
        [
            &mut |lines| {
                ours.within(|| lap.along(lines).for_each(events::log));
            },
            &mut |lines| {
                for event in lap.along(lines) {
                    peers::slog::log(&slog, event);
                }
            },
        ],
        || (),
    );
    table.print(
        &Row::new(
            "JSON line, 5 fields in a span of 3",
            Unit::Nanoseconds,
            ours,
        )
        .peer("slog, slog-json", slog)
        .ratio_at_most(0.5),
    );
}
