//! Machine instructions per operation, as callgrind counts them.
//!
//! This binary runs itself under `valgrind --tool=callgrind`, once with N operations and once with 2 N: the difference is
//! N operations. The start of a process is not in them, nor how instruments and layers are made, which compare clocks for
//! as many instructions as that takes. The counts hardly change with load; they do change with the compiler, and by a per
//! cent or so with the C library and the seeds of hash maps. Hence bounds 15 % over what was measured (x86-64, Rust 1.95).
//! Kernel time is not in them.

use std::{
    env, fs, io,
    process::{Command, ExitCode},
};

use versus::{
    collectors::Collector,
    events::{self, Ours, SURROUNDINGS, events},
    ours::{DurationHistogram, RequestSeries},
    peers::{self, tracing_opentelemetry},
    requests::App,
    scrapes,
    spans::Spans,
    steps::{Step, Steps},
    table::{Row, Table, Unit},
    workload::{Lap, at_random, labels, observations},
};

/// The argument that makes this process do operations and nothing else.
pub(crate) const OPERATE: &str = "operate";

const OBSERVE: f64 = 120.0;
const FIND: f64 = 390.0;
const SCRAPE: f64 = 4_100.0;
const LINE: f64 = 3_500.0;
const REQUEST: f64 = 2_670.0;
const SPAN: f64 = 4_100.0;
const EXPORTED_SPAN: f64 = 5_290.0;
const STEP: f64 = 1_220.0;
const ASYNC_STEP: f64 = 1_510.0;
const TOLD_STEP: f64 = 9_000.0;
const REQUEST_WITH_OPT_INS: f64 = 2_980.0;

/// Requests, or spans, that are exported, none of them dropped by a collector that takes all.
const EXPORTED: usize = 1_000;
/// What a collector's outage may add to a request.
const OUTAGE: f64 = 1.05;
/// Spans between two flushes.
const FLUSHED: usize = 500;
/// Of each series, so that what it costs to make one counts for little.
const SCRAPES: usize = 20;

pub(crate) fn print(table: &mut Table) {
    if let Err(error) = Command::new("valgrind").arg("--version").output() {
        println!("\ninstructions are not counted: valgrind does not start ({error})");
        return;
    }
    let observe = |what| per_operation(what, 20_000);
    let request = |what| per_operation(what, 1_000);
    let nothing = request("nothing");
    let over_nothing = |what| request(what) - nothing;
    let row = |what, instructions| Row::new(what, Unit::Instructions, instructions);
    table.print(
        &row("instructions to observe", observe("observe"))
            .at_most(OBSERVE)
            .peer("prometheus", observe("observe-prometheus")),
    );
    table.print(
        &row(
            "instructions to find the series and observe",
            observe("find"),
        )
        .at_most(FIND)
        .peer("prometheus", observe("find-prometheus")),
    );
    table.print(
        &row(
            "instructions to scrape a series of 13 buckets",
            per_operation("scrape", 1_000) / SCRAPES as f64,
        )
        .at_most(SCRAPE),
    );
    table.print(
        &row("instructions of a JSON line", observe("line"))
            .at_most(LINE)
            .peer("slog, slog-json", observe("line-slog")),
    );
    for (what, operation, most) in [
        (
            "instructions of the metrics layer, per request",
            "request",
            REQUEST,
        ),
        (
            "instructions with all opt-ins, per request",
            "opt-ins",
            REQUEST_WITH_OPT_INS,
        ),
    ] {
        table.print(
            &row(what, over_nothing(operation))
                .at_most(most)
                .beside("the request itself, a layer doing nothing", nothing),
        );
    }
    for (what, operation, most, peer) in [
        (
            "instructions of a span, not sampled, JSON layer",
            "span",
            SPAN,
            "span-opentelemetry",
        ),
        (
            "instructions of a span, sampled and exported",
            "span-exported",
            EXPORTED_SPAN,
            "span-exported-opentelemetry",
        ),
    ] {
        table.print(
            &row(what, per_exported(operation))
                .at_most(most)
                .peer("tracing-opentelemetry", per_exported(peer)),
        );
    }
    for (what, operation, most) in [
        ("instructions of a step, no line", "step", STEP),
        (
            "instructions of an async step, no line",
            "step-async",
            ASYNC_STEP,
        ),
        ("instructions of a step, both lines", "step-told", TOLD_STEP),
    ] {
        table.print(&row(what, observe(operation)).at_most(most));
    }
    let up = per_exported("stack-up");
    for (what, operation) in [
        ("instructions of a request, collector down", "stack-down"),
        (
            "instructions of a request, collector hangs",
            "stack-hanging",
        ),
    ] {
        table.print(
            &row(what, per_exported(operation))
                .peer("the collector takes all", up)
                .ratio_at_most(OUTAGE),
        );
    }
}

/// Does so many operations.
pub(crate) fn operate(operation: &str, count: &str) -> ExitCode {
    let count = count.parse().unwrap();
    match operation {
        "observe" | "observe-prometheus" => observe(operation == "observe", count),
        "step" => steps(&Steps::quiet(), Step::Sync, count),
        "step-async" => steps(&Steps::quiet(), Step::Async, count),
        "step-told" => steps(&Steps::told(), Step::Sync, count),
        "find" | "find-prometheus" => find(operation == "find", count),
        "scrape" => scrape(count),
        "line" | "line-slog" => line(operation == "line", count),
        "nothing" => answer(&App::nothing(), count),
        "request" => answer(&App::ours(), count),
        "opt-ins" => answer(&App::ours_with_opt_ins(), count),
        "stack" => answer(&App::our_stack(0.01), count),
        "stack-up" => answer(&App::our_stack_exporting(1.0, Collector::Up.start()), count),
        "stack-down" => answer(
            &App::our_stack_exporting(1.0, Collector::Down.start()),
            count,
        ),
        "stack-hanging" => answer(
            &App::our_stack_exporting(1.0, Collector::Hangs.start()),
            count,
        ),
        "span" => spans(&Spans::ours(), count),
        "span-exported" => spans(&Spans::ours_exported(), count),
        "span-nobody" => spans(&Spans::nobody(), count),
        "span-opentelemetry" => spans(&tracing_opentelemetry::default(false), count),
        "span-exported-opentelemetry" => spans(&tracing_opentelemetry::default(true), count),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

/// Runs what is counted: valgrind is told to count in here.
#[inline(never)]
fn counted(operations: impl FnOnce()) {
    operations();
}

fn answer(app: &App, count: usize) {
    counted(|| app.answer(count));
}

fn line(ours: bool, count: usize) {
    let lap = Lap::of(events(1));
    if ours {
        let ours = Ours::new(&SURROUNDINGS);
        ours.within(|| counted(|| lap.along(count).for_each(events::log)));
    } else {
        let slog = peers::slog::logger(&SURROUNDINGS);
        counted(|| {
            for event in lap.along(count) {
                peers::slog::log(&slog, event);
            }
        });
    }
}

fn steps(steps: &Steps, step: Step, count: usize) {
    steps.run(step, count, |work| counted(work));
}

fn observe(ours: bool, count: usize) {
    let lap = Lap::of(observations(1));
    if ours {
        let histogram = DurationHistogram::new();
        counted(|| {
            for observed in lap.along(count) {
                histogram.observe(observed.duration, observed.sampled);
            }
        });
    } else {
        let histogram = peers::prometheus::histogram();
        counted(|| {
            for observed in lap.along(count) {
                histogram.observe(observed.seconds);
            }
        });
    }
}

/// What waits is thrown away now and then, so that none is dropped.
fn spans(spans: &Spans, count: usize) {
    counted(|| {
        for _ in 0..count / FLUSHED {
            spans.make(FLUSHED);
            spans.flush();
        }
    });
}

fn find(ours: bool, count: usize) {
    let labels = labels(5);
    let lap = Lap::of(at_random(&labels).zip(observations(1)));
    if ours {
        let series = RequestSeries::new();
        counted(|| {
            for (labels, observed) in lap.along(count) {
                series.observe(
                    &labels.method,
                    &labels.route,
                    labels.status,
                    observed.duration,
                    observed.sampled,
                );
            }
        });
    } else {
        let (_, family) = peers::prometheus::family();
        counted(|| {
            for (labels, observed) in lap.along(count) {
                let series = family.with_label_values(&labels.text);
                series.observe(observed.seconds);
            }
        });
    }
}

/// So many series, of four methods and five statuses.
fn scrape(series: usize) {
    let scrape = scrapes::ours(&labels(series / 20));
    let mut out = Vec::new();
    counted(|| {
        for _ in 0..SCRAPES {
            out.clear();
            scrape(&mut out);
        }
    });
}

fn per_operation(operation: &str, operations: usize) -> f64 {
    let once = instructions(operation, operations).unwrap();
    let twice = instructions(operation, 2 * operations).unwrap();
    (twice - once) / operations as f64
}

fn instructions(operation: &str, operations: usize) -> io::Result<f64> {
    let report = callgrind(operation, operations, &["--callgrind-out-file=/dev/null"])?;
    // ==7== Collected : 1234567
    report
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .ok_or_else(|| io::Error::other(report))
}

/// Those of the thread that works, without those of the one that exports.
fn per_exported(operation: &str) -> f64 {
    let once = instructions_of_one_thread(operation, EXPORTED).unwrap();
    let twice = instructions_of_one_thread(operation, 2 * EXPORTED).unwrap();
    (twice - once) / EXPORTED as f64
}

fn instructions_of_one_thread(operation: &str, operations: usize) -> io::Result<f64> {
    let file = env::temp_dir().join(format!("versus-{}-{operation}", std::process::id()));
    let out = format!("--callgrind-out-file={}", file.display());
    callgrind(operation, operations, &["--separate-threads=yes", &out])?;
    let mut first = None;
    // A file for each thread, the first of which is the process's own.
    for thread in 1.. {
        let file = format!("{}-{thread:02}", file.display());
        let Ok(report) = fs::read_to_string(&file) else {
            break;
        };
        fs::remove_file(&file)?;
        let mut lines = report.lines();
        first = first.or(lines.find_map(|line| line.strip_prefix("totals: ")?.parse().ok()));
    }
    // What was there before the second thread.
    let _ = fs::remove_file(file);
    first.ok_or_else(|| io::Error::other("callgrind wrote no total"))
}

fn callgrind(operation: &str, operations: usize, options: &[&str]) -> io::Result<String> {
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--toggle-collect=*instructions::counted*",
        ])
        .args(options)
        .arg(env::current_exe()?)
        .args([OPERATE, operation, &operations.to_string()])
        .output()?;
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}
