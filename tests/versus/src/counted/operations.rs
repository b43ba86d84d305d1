//! Allocations per operation, in steady state.
//!
//! A request is made within what is counted, as is the answer to one behind a layer that does nothing; only what is over
//! that is the layer's. axum boxes a response body that a layer has wrapped: that one allocation is not the layer's own.

use versus::{
    collectors::Collector,
    events::{self, Ours, SURROUNDINGS, events},
    ours::{DurationHistogram, RequestSeries},
    peers::{self, stack::Telemetry, tracing_opentelemetry},
    requests::App,
    spans::Spans,
    steps::{Step, Steps},
    table::{Row, Table, Unit},
    workload::{Labels, Lap, at_random, labels, observations},
};

const WARM_UP: usize = 2_000;
const OPERATIONS: usize = 10_000;
/// Operations between two flushes of spans, fewer than what may wait.
const FLUSHED: usize = 1_000;
/// That of the text, that of the list of attributes, that of what is kept until the end, and a bit for each flush.
const EXPORTED: f64 = 3.1;
const EXPORTED_REQUESTS: usize = 20_000;
/// What 2 048 spans that wait and 512 that are being sent take, and the rest that a service keeps.
const KEPT: f64 = 4.0 * 1024.0 * 1024.0;
const BODY_BOX: f64 = 1.01;

pub(crate) fn print(table: &mut Table) {
    request(table);
    observe(table);
    line(table);
    span(table);
    step(table);
}

fn request(table: &mut Table) {
    let nothing = allocations(&App::nothing());
    let (peer, _) = App::axum_prometheus();
    let peer = allocations(&peer);
    for (what, app) in [
        ("allocations of the metrics layer, per request", App::ours()),
        (
            "allocations with all opt-ins, per request",
            App::ours_with_opt_ins(),
        ),
    ] {
        table.print(
            &Row::new(what, Unit::Allocations, allocations(&app) - nothing)
                .at_most(BODY_BOX)
                .note("1 is axum's box of the body")
                .peer("axum-prometheus", peer - nothing)
                .beside("the request itself, a layer doing nothing", nothing),
        );
    }
}

pub(crate) fn stack(table: &mut Table) {
    for (what, exported, most) in [
        (
            "allocations of the full stack, none exported",
            0.0,
            Some(8.0),
        ),
        (
            "allocations of the full stack, 1 % exported",
            0.01,
            Some(8.0),
        ),
        ("allocations of the full stack, each exported", 1.0, None),
    ] {
        let nothing = allocations(&App::nothing());
        let ours = allocations(&App::our_stack(exported)) - nothing;
        let telemetry = Telemetry::start(exported);
        let peers = allocations(&App::peers_stack(&telemetry).0) - nothing;
        let ours = Row::new(what, Unit::Allocations, ours);
        let bounded = match most {
            Some(most) => ours.at_most(most),
            None => ours,
        };
        table.print(
            &bounded
                .peer("peers' stack, tuned", peers)
                .beside("the request itself, a layer doing nothing", nothing),
        );
    }
}

/// What a request keeps for its export is freed by the thread that exports, which here never does.
pub(crate) fn outage(table: &mut Table) {
    let otlp = Collector::Hangs.start();
    let app = App::our_stack_exporting(1.0, otlp);
    let kept = allocation_counter::measure(|| app.answer(EXPORTED_REQUESTS));
    table.print(
        &Row::new(
            "bytes kept by 20 000 exported requests, collector hangs",
            Unit::Bytes,
            kept.bytes_current as f64,
        )
        .at_most(KEPT),
    );
}

fn allocations(app: &App) -> f64 {
    per_operation(|requests| {
        for _ in 0..requests / FLUSHED {
            app.answer(FLUSHED);
            app.flush();
        }
    })
}

fn observe(table: &mut Table) {
    let (histogram, lap) = (DurationHistogram::new(), Lap::of(observations(1)));
    let observed = per_operation(|steps| {
        for observed in lap.along(steps) {
            histogram.observe(observed.duration, observed.sampled);
        }
    });
    let (series, labels) = (RequestSeries::new(), labels(5));
    let lap = Lap::of(at_random(&labels).zip(observations(1)));
    let found = per_operation(|steps| {
        for (labels, observed) in lap.along(steps) {
            let Labels {
                method,
                route,
                status,
                ..
            } = labels;
            series.observe(method, route, *status, observed.duration, observed.sampled);
        }
    });
    for (what, allocations) in [
        ("allocations to observe", observed),
        ("allocations to find the series and observe", found),
    ] {
        table.print(&Row::new(what, Unit::Allocations, allocations).at_most(0.0));
    }
}

fn line(table: &mut Table) {
    let (lap, ours) = (Lap::of(events(1)), Ours::new(&SURROUNDINGS));
    let slog = peers::slog::logger(&SURROUNDINGS);
    let ours = per_operation(|lines| {
        ours.within(|| lap.along(lines).for_each(events::log));
    });
    let slog = per_operation(|lines| {
        for event in lap.along(lines) {
            peers::slog::log(&slog, event);
        }
    });
    table.print(
        &Row::new("allocations of a JSON line", Unit::Allocations, ours)
            .at_most(0.0)
            .peer("slog, slog-json", slog),
    );
}

fn span(table: &mut Table) {
    let count = |spans: &Spans| {
        per_operation(|count| {
            for _ in 0..count / FLUSHED {
                spans.make(FLUSHED);
                spans.flush();
            }
        })
    };
    for (what, ours, sampled, most) in [
        (
            "allocations of a span, not sampled",
            Spans::ours(),
            false,
            0.0,
        ),
        (
            "allocations of a span, sampled and exported",
            Spans::ours_exported(),
            true,
            EXPORTED,
        ),
    ] {
        table.print(
            &Row::new(what, Unit::Allocations, count(&ours))
                .at_most(most)
                .peer(
                    "tracing-opentelemetry",
                    count(&tracing_opentelemetry::default(sampled)),
                )
                .peer(
                    "tracing-opentelemetry, tuned",
                    count(&tracing_opentelemetry::tuned(sampled)),
                ),
        );
    }
}

fn step(table: &mut Table) {
    for (what, steps, step) in [
        ("allocations of a step, no line", Steps::quiet(), Step::Sync),
        (
            "allocations of an async step, no line",
            Steps::quiet(),
            Step::Async,
        ),
        (
            "allocations of a step, both lines",
            Steps::told(),
            Step::Sync,
        ),
    ] {
        let mut counted = 0.0;
        steps.run(step, WARM_UP, |work| work());
        steps.run(step, OPERATIONS, |work| {
            let allocations = allocation_counter::measure(work).count_total;
            counted = allocations as f64 / OPERATIONS as f64;
        });
        table.print(&Row::new(what, Unit::Allocations, counted).at_most(0.0));
    }
}

fn per_operation(mut operate: impl FnMut(usize)) -> f64 {
    operate(WARM_UP);
    let counted = allocation_counter::measure(|| operate(OPERATIONS));
    counted.count_total as f64 / OPERATIONS as f64
}
