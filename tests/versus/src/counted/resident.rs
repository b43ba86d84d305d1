//! Memory that a series keeps: 20 000 series by (method, route, status), each of which two threads have given 1 000
//! durations, log-normal around 20 ms with a sigma of 1.
//!
//! In a process of its own for each contestant, so that resident pages of one are not reused by the next. Read while both
//! threads still live: what a thread keeps for itself is in the figures. Bytes are those that the allocator has handed
//! out and not got back; resident is `VmRSS`, the allocator's own losses and the threads' stacks included. Label sets
//! and what finds a series by them is in both, ours and theirs; exemplars and native buckets in ours alone.

use std::{
    env, fs,
    process::{Command, ExitCode},
    sync::Barrier,
    thread,
};

use versus::{
    ours::RequestSeries,
    peers,
    table::{Row, Table, Unit},
    workload::{Labels, Observation, labels, observations},
};

const ROUTES: usize = 1_000;
const THREADS: u64 = 2;
const OBSERVATIONS: usize = 1_000;
const MOST: f64 = 2_000.0;

const OURS: &str = "resident-ours";
const PROMETHEUS: &str = "resident-prometheus";

pub(crate) fn print(table: &mut Table) {
    let [ours_allocated, ours_resident] = in_a_process(OURS);
    let [peer_allocated, peer_resident] = in_a_process(PROMETHEUS);
    for (what, ours, peer) in [
        (
            "bytes allocated, per series",
            ours_allocated,
            peer_allocated,
        ),
        ("bytes resident, per series", ours_resident, peer_resident),
    ] {
        table.print(
            &Row::new(what, Unit::Bytes, ours)
                .at_most(MOST)
                .peer("prometheus, classic buckets alone", peer),
        );
    }
}

/// Prints bytes allocated and bytes resident, per series.
pub(crate) fn measure(whose: &str) -> ExitCode {
    let labels = labels(ROUTES);
    let before = resident_bytes();
    let (allocated, after) = match whose {
        OURS => ours(&labels),
        PROMETHEUS => prometheus(&labels),
        _ => return ExitCode::FAILURE,
    };
    let per_series = |bytes: f64| bytes / labels.len() as f64;
    println!("{} {}", per_series(allocated), per_series(after - before));
    ExitCode::SUCCESS
}

fn in_a_process(whose: &str) -> [f64; 2] {
    let this = env::current_exe().unwrap();
    let output = Command::new(this).arg(whose).output().unwrap();
    let figures = String::from_utf8(output.stdout).unwrap();
    let mut figures = figures
        .split_whitespace()
        .map(|figure| figure.parse().unwrap());
    [figures.next().unwrap(), figures.next().unwrap()]
}

fn ours(labels: &[Labels]) -> (f64, f64) {
    let series = RequestSeries::new();
    fill(labels, |labels, observed| {
        let Labels {
            method,
            route,
            status,
            ..
        } = labels;
        series.observe(method, route, *status, observed.duration, observed.sampled);
    })
}

fn prometheus(labels: &[Labels]) -> (f64, f64) {
    let (_, family) = peers::prometheus::family();
    fill(labels, |labels, observed| {
        let series = family.with_label_values(&labels.text);
        series.observe(observed.seconds);
    })
}

/// Bytes that the threads have allocated and not given back, and bytes resident, before the threads end.
fn fill(labels: &[Labels], observe: impl Fn(&Labels, &Observation) + Sync) -> (f64, f64) {
    let (filled, read) = (
        Barrier::new(THREADS as usize + 1),
        Barrier::new(THREADS as usize + 1),
    );
    let fill = |seed| {
        let mut observations = observations(seed);
        let kept = allocation_counter::measure(|| {
            for labels in labels {
                for observed in observations.by_ref().take(OBSERVATIONS) {
                    observe(labels, &observed);
                }
            }
        });
        filled.wait();
        read.wait();
        kept.bytes_current
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|seed| scope.spawn(move || fill(seed)))
            .collect();
        filled.wait();
        let resident = resident_bytes();
        read.wait();
        let allocated: i64 = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum();
        (allocated as f64, resident)
    })
}

fn resident_bytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let kibibytes: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
        .and_then(|number| number.trim().parse().ok())
        .unwrap();
    kibibytes * 1024.0
}
