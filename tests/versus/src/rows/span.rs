//! A `tracing` span of two fields, not sampled, and sampled and exported.
//!
//! `versus::spans` says what a span is. What waits for the batch processor's thread is thrown away between the rounds.

use versus::{
    peers::tracing_opentelemetry::{default, tuned},
    spans::Spans,
    table::{Row, Table, Unit},
    timing,
};

const ROUNDS: usize = 200;
/// Fewer than what may wait, so that none is dropped.
const SPANS: usize = 1_000;

pub(crate) fn print(table: &mut Table) {
    row(
        table,
        "span of 2 fields, not sampled, JSON layer",
        &Spans::ours(),
        false,
        0.2,
    );
    row(
        table,
        "span of 2 fields, sampled and exported",
        &Spans::ours_exported(),
        true,
        0.5,
    );
}

fn row(table: &mut Table, what: &'static str, ours: &Spans, sampled: bool, most: f64) {
    let (default, tuned, nobody) = (default(sampled), tuned(sampled), Spans::nobody());
    let flush = || [ours, &default, &tuned].into_iter().for_each(Spans::flush);
    let [ours, default, tuned, nobody] = timing::in_turns(
        ROUNDS,
        SPANS,
        [
            &mut |spans| ours.make(spans),
            &mut |spans| default.make(spans),
            &mut |spans| tuned.make(spans),
            &mut |spans| nobody.make(spans),
        ],
        flush,
    );
    table.print(
        &Row::new(what, Unit::Nanoseconds, ours)
            .peer("tracing-opentelemetry", default)
            .ratio_at_most(most)
            .peer("tracing-opentelemetry, tuned", tuned)
            .beside("the registry alone", nobody),
    );
}
