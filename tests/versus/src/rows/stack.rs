//! A request behind everything at once: what it takes over one behind a layer that does nothing.
//!
//! `versus::peers::stack` says what the peers' stack is. Neither does any I/O: lines go to a sink, exported spans and error
//! events nowhere.

use versus::{
    peers::stack::Telemetry,
    requests::App,
    table::{Row, Table, Unit},
    timing,
};

const ROUNDS: usize = 200;
const REQUESTS: usize = 200;

pub(crate) fn print(table: &mut Table) {
    let telemetry = Telemetry::start();
    let (nothing, ours) = (App::nothing(), App::our_stack());
    let (peers, upkeep) = App::peers_stack(&telemetry);
    let [nothing, ours, peers] = timing::in_turns(
        ROUNDS,
        REQUESTS,
        [
            &mut |requests| nothing.answer(requests),
            &mut |requests| ours.answer(requests),
            &mut |requests| peers.answer(requests),
        ],
        || upkeep.run(),
    );
    table.print(
        &Row::new("full stack, per request", Unit::Nanoseconds, ours - nothing)
            .peer("peers' stack, tuned", peers - nothing)
            .ratio_at_most(1.0 / 12.0)
            .beside("the request itself, a layer doing nothing", nothing),
    );
}
