//! A request behind the metrics layer: what it takes over one behind a layer that does nothing.
//!
//! `versus::requests` says what a request is. The difference of two best rounds is small beside both: it is good to some
//! 10 ns. axum-prometheus drains its observations between the rounds, which in a service costs on top.

use versus::{
    requests::App,
    table::{Row, Table, Unit},
    timing,
};

const ROUNDS: usize = 200;
const REQUESTS: usize = 500;

pub(crate) fn print(table: &mut Table) {
    let (nothing, ours, opted_in) = (App::nothing(), App::ours(), App::ours_with_opt_ins());
    let (peer, upkeep) = App::axum_prometheus();
    let [nothing, ours, opted_in, peer] = timing::in_turns(
        ROUNDS,
        REQUESTS,
        [
            &mut |requests| nothing.answer(requests),
            &mut |requests| ours.answer(requests),
            &mut |requests| opted_in.answer(requests),
            &mut |requests| peer.answer(requests),
        ],
        || upkeep.run(),
    );
    let row = |what, ours, most| {
        Row::new(what, Unit::Nanoseconds, ours - nothing)
            .peer("axum-prometheus", peer - nothing)
            .ratio_at_most(most)
            .beside("the request itself, a layer doing nothing", nothing)
    };
    table.print(&row("metrics layer, per request", ours, 0.15));
    table.print(&row(
        "metrics layer with all opt-ins, per request",
        opted_in,
        0.22,
    ));
}
