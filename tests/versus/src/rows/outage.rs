//! A request behind all of ours, each exported over loopback, while the collector is not as it should be.
//!
//! Its time is that of the thread that serves it, over the same with a collector that takes all.

use versus::{
    collectors::Collector,
    requests::App,
    table::{Row, Table, Unit},
    timing,
};

const ROUNDS: usize = 200;
const REQUESTS: usize = 200;
const MOST: f64 = 1.05;

pub(crate) fn print(table: &mut Table) {
    let app = |collector: Collector| App::our_stack_exporting(1.0, collector.start());
    let up = app(Collector::Up);
    for (what, collector) in Collector::BAD {
        let bad = app(collector);
        let [up, bad] = timing::in_turns(
            ROUNDS,
            REQUESTS,
            [&mut |requests| up.answer(requests), &mut |requests| {
                bad.answer(requests);
            }],
            || (),
        );
        table.print(
            &Row::new(what, Unit::Nanoseconds, bad)
                .peer("the collector takes all", up)
                .ratio_at_most(MOST),
        );
    }
}
