//! Finding one of a hundred series by (method, route, status), and observing a duration in it.
//!
//! Ours is given the route as a router hands it over, the same `Route` for every request of it, and does for the
//! exemplar what `observe` does. The peers are given text that lives as long as the process, so that none has to copy it.

use metrics::with_local_recorder;
use versus::{
    ours::RequestSeries,
    peers,
    table::{Row, Table, Unit},
    timing,
    workload::{Labels, Lap, Observation, at_random, labels, observations},
};

const ROUTES: usize = 5;
const ROUNDS: usize = 200;
const OBSERVATIONS: usize = 10_000;

pub(crate) fn print(table: &mut Table) {
    let labels = labels(ROUTES);
    let lap = Lap::of(at_random(&labels).zip(observations(1)));
    let recorder = peers::metrics::recorder();
    let drain = recorder.handle();
    let (_provider, histogram) = peers::opentelemetry::histogram();
    let [ours, prometheus, client, opentelemetry, metrics] = timing::in_turns(
        ROUNDS,
        OBSERVATIONS,
        [
            &mut ours(&lap),
            &mut prometheus(&lap),
            &mut prometheus_client(&lap),
            &mut |steps| {
                for (labels, observed) in lap.along(steps) {
                    peers::opentelemetry::observe(&histogram, labels, observed.seconds);
                }
            },
            &mut |steps| {
                with_local_recorder(&recorder, || {
                    for (labels, observed) in lap.along(steps) {
                        peers::metrics::observe(labels, observed.seconds);
                    }
                });
            },
        ],
        || drain.run_upkeep(),
    );
    table.print(
        &Row::new(
            "find the series by (method, route, status) and observe",
            Unit::Nanoseconds,
            ours,
        )
        .at_most(30.0)
        .peer("prometheus", prometheus)
        .peer("prometheus-client", client)
        .peer("opentelemetry", opentelemetry)
        .peer("metrics, metrics-exporter-prometheus", metrics),
    );
}

fn ours(lap: &Lap<(&Labels, Observation)>) -> impl FnMut(usize) {
    let series = RequestSeries::new();
    move |steps| {
        for (labels, observed) in lap.along(steps) {
            let Labels {
                method,
                route,
                status,
                ..
            } = labels;
            series.observe(method, route, *status, observed.duration, observed.sampled);
        }
    }
}

fn prometheus(lap: &Lap<(&Labels, Observation)>) -> impl FnMut(usize) {
    let (_, family) = peers::prometheus::family();
    move |steps| {
        for (labels, observed) in lap.along(steps) {
            let series = family.with_label_values(&labels.text);
            series.observe(observed.seconds);
        }
    }
}

fn prometheus_client(lap: &Lap<(&Labels, Observation)>) -> impl FnMut(usize) {
    let (_, family) = peers::prometheus_client::family();
    move |steps| {
        for (labels, observed) in lap.along(steps) {
            let series = family.get_or_create(&(*labels).into());
            series.observe(observed.seconds);
        }
    }
}
