//! A request behind everything at once: what it takes over one behind a layer that does nothing.
//!
//! `versus::peers::stack` says what the peers' stack is. Neither does any I/O: lines go to a sink; error events, and spans
//! once the SDK's processor has batched them, nowhere. One trace in a hundred is exported, and each of them for the last
//! row.

use std::{env, ffi::OsStr, process::Command, time::Duration};

use versus::{
    peers::stack::Telemetry,
    requests::{App, Upkeep},
    table::{Row, Table, Unit},
    timing,
};

const ROUNDS: usize = 200;
const REQUESTS: usize = 200;
const SERVED_ROUNDS: usize = 40;
const SERVED_REQUESTS: usize = 1_000;
/// Of traces that are exported.
const SHARE: f64 = 0.01;
/// Of the peers' tuned stack, what ours is to cost at most.
const MOST: f64 = 1.0 / 12.0;
const MOST_SERVED: f64 = 2_500.0;

pub(crate) fn print(table: &mut Table) {
    let telemetry = Telemetry::start(SHARE);
    let (nothing, ours) = (App::nothing(), App::our_stack(SHARE));
    let (peers, upkeep) = App::peers_stack(&telemetry);
    let [nothing, ours, peers] = call([&nothing, &ours, &peers], &upkeep);
    table.print(
        &Row::new("full stack, per request", Unit::Nanoseconds, ours - nothing)
            .peer("peers' stack, tuned", peers - nothing)
            .ratio_at_most(MOST)
            .beside("the request itself, a layer doing nothing", nothing),
    );
    drop(telemetry);
    let telemetry = Telemetry::start(1.0);
    let (nothing, ours) = (App::nothing(), App::our_stack(1.0));
    let (peers, upkeep) = App::peers_stack(&telemetry);
    let [nothing, ours, peers] = call([&nothing, &ours, &peers], &upkeep);
    table.print(
        &Row::new(
            "full stack, per request, each exported",
            Unit::Nanoseconds,
            ours - nothing,
        )
        .peer("peers' stack, tuned", peers - nothing)
        .beside("the request itself, a layer doing nothing", nothing),
    );
}

/// The argument that makes this process measure what is served, and nothing else.
pub(crate) const SERVED: &str = "served";

/// In a process of its own that stays on one processor, where the system has `taskset`: to wake a thread on another one
/// takes several times as long as all that is measured, and not the same each time.
pub(crate) fn print_served(table: &mut Table) {
    let taskset = |program: &OsStr, arguments: &[&str]| {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program).args(arguments);
        command.status()
    };
    let is_there = taskset("true".as_ref(), &[]).is_ok_and(|status| status.success());
    if is_there {
        let this = env::current_exe().unwrap();
        table.add(taskset(this.as_ref(), &[SERVED]).unwrap().success());
    } else {
        served(table);
    }
}

pub(crate) fn served(table: &mut Table) {
    let telemetry = Telemetry::start(SHARE);
    let (nothing, ours) = (App::nothing(), App::our_stack(SHARE));
    let (peers, upkeep) = App::peers_stack(&telemetry);
    let [nothing, ours, peers] = serve([&nothing, &ours, &peers], &upkeep);
    table.print(
        &Row::new(
            "full stack, per request over loopback",
            Unit::Nanoseconds,
            ours - nothing,
        )
        .at_most(MOST_SERVED)
        .peer("peers' stack, tuned", peers - nothing)
        .beside("the request itself, a layer doing nothing", nothing),
    );
}

/// Nanoseconds per request, of each in its best round.
fn call([nothing, ours, peers]: [&App; 3], upkeep: &Upkeep) -> [f64; 3] {
    timing::in_turns(
        ROUNDS,
        REQUESTS,
        [
            &mut |requests| nothing.answer(requests),
            &mut |requests| ours.answer(requests),
            &mut |requests| peers.answer(requests),
        ],
        || {
            upkeep.run();
            ours.flush();
            peers.flush();
        },
    )
}

/// Nanoseconds of the server's thread per request, of each in its best round.
fn serve<const N: usize>(apps: [&App; N], upkeep: &Upkeep) -> [f64; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..SERVED_ROUNDS {
        for (app, best) in apps.iter().zip(&mut best) {
            *best = app.serve(SERVED_REQUESTS).min(*best);
        }
        upkeep.run();
    }
    best.map(|best| best.as_nanos() as f64 / SERVED_REQUESTS as f64)
}
