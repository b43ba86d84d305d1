//! Observing a duration in a series that is at hand.
//!
//! Ours fills classic and native buckets and looks whether the exemplar of a sampled exchange (one in ten) is to be
//! kept; the peers fill classic buckets alone. The loop itself, about 1 ns, is in every figure.

use versus::{
    ours::DurationHistogram,
    peers,
    table::{Row, Table, Unit},
    timing,
    workload::{Lap, observations},
};

const ROUNDS: usize = 200;
const OBSERVATIONS: usize = 20_000;

pub(crate) fn print(table: &mut Table) {
    let lap = Lap::of(observations(1));
    let ours = DurationHistogram::new();
    let prometheus = peers::prometheus::histogram();
    let client = peers::prometheus_client::histogram();
    let [ours, prometheus, client] = timing::in_turns(
        ROUNDS,
        OBSERVATIONS,
        [
            &mut |steps| {
                for observed in lap.along(steps) {
                    ours.observe(observed.duration, observed.sampled);
                }
            },
            &mut |steps| {
                for observed in lap.along(steps) {
                    prometheus.observe(observed.seconds);
                }
            },
            &mut |steps| {
                for observed in lap.along(steps) {
                    client.observe(observed.seconds);
                }
            },
        ],
        || (),
    );
    table.print(
        &Row::new("observe, the series known", Unit::Nanoseconds, ours)
            .at_most(10.0)
            .peer("prometheus", prometheus)
            .ratio_at_most(0.25)
            .peer("prometheus-client", client),
    );
}
