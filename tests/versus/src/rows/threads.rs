//! Two threads that observe in one series at the same time, over one thread that does so alone.
//!
//! Both threads live through all rounds, as those of a runtime do. Wall time runs from the moment the second of them is
//! there to the moment the second of them is done. A round counts only where both were on a core all along, which their
//! CPU time tells: threads that take turns on one core do not meet, and would make what is contended look good. Each is
//! judged by its best such round. A machine that never has two cores to spare has none, and the row does not hold.
//!
//! The second row shows what meeting in one series costs beyond what two series cost. Where it holds and the first does
//! not, something slows two series as well: two threads of one core, or blocks of two threads that an allocator put on one
//! cache line. The first row is the one that counts.

use std::{
    hint,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use cpu_time::ThreadTime;
use versus::{
    ours::DurationHistogram,
    peers,
    table::{Row, Table, Unit},
    workload::{Lap, Observation, observations},
};

const OBSERVATIONS: usize = 4_000;
/// How much of a round that counts either thread may be off its core.
const OFF_CORE: f64 = 0.1;
const ROUNDS_THAT_COUNT: usize = 100;
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn print(table: &mut Table) {
    let ours = DurationHistogram::new();
    let prometheus = peers::prometheus::histogram();
    let client = peers::prometheus_client::histogram();
    let (_provider, otel) = peers::opentelemetry::histogram();
    let apart = [DurationHistogram::new(), DurationHistogram::new()];
    let ours = compare(|_, observed| ours.observe(observed.duration, observed.sampled));
    let apart =
        compare(|thread, observed| apart[thread].observe(observed.duration, observed.sampled));
    let prometheus = compare(|_, observed| prometheus.observe(observed.seconds));
    let client = compare(|_, observed| client.observe(observed.seconds));
    let otel = compare(|_, observed| otel.record(observed.seconds, &[]));
    table.print(
        &Row::new(
            "two threads at once in one series, over one",
            Unit::Times,
            ours.factor(),
        )
        .at_most(1.2)
        .note(ours.note())
        .peer("prometheus", prometheus.factor())
        .note(prometheus.note())
        .peer("prometheus-client", client.factor())
        .note(client.note())
        .peer("opentelemetry", otel.factor())
        .note(otel.note()),
    );
    table.print(
        &Row::new(
            "two threads at once in one series, over two with a series each",
            Unit::Times,
            ours.best() / apart.best(),
        )
        .at_most(1.2)
        .note(format_args!("a series each: {}", apart.note())),
    );
}

/// Nanoseconds of wall time per observation of each thread.
struct Compared {
    /// In the best round.
    alone: f64,
    /// In the rounds that count, the best first.
    at_once: Vec<f64>,
}

impl Compared {
    fn factor(&self) -> f64 {
        self.best() / self.alone
    }

    fn best(&self) -> f64 {
        self.at_once.first().copied().unwrap_or(f64::INFINITY)
    }

    fn note(&self) -> String {
        let rounds = self.at_once.len();
        let Some(median) = self.at_once.get(rounds / 2) else {
            return "no round had two cores".to_owned();
        };
        format!(
            "{:.1} ns alone, {:.1} ns at once (median of {rounds} rounds {median:.1} ns)",
            self.alone,
            self.best(),
        )
    }
}

/// A round as one thread sees it.
struct Round {
    there: Instant,
    done: Instant,
    off_core: Duration,
}

fn compare(observe: impl Fn(usize, &Observation) + Sync) -> Compared {
    let lap = Lap::of(observations(1));
    let work = |thread| {
        for observed in lap.along(OBSERVATIONS) {
            observe(thread, observed);
        }
    };
    let (turn, meeting) = (Barrier::new(2), Meeting::default());
    let together = |thread| {
        // Twice, so that what is timed holds neither a long wait for the other nor the readings of the clocks.
        meeting.wait();
        let (on_core, there) = (ThreadTime::now(), Instant::now());
        meeting.wait();
        work(thread);
        let done = Instant::now();
        Round {
            there,
            done,
            off_core: (done - there).saturating_sub(on_core.elapsed()),
        }
    };
    let mut compared = Compared {
        alone: f64::INFINITY,
        at_once: Vec::new(),
    };
    let (over, (told, tell)) = (AtomicBool::new(false), mpsc::channel());
    thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                turn.wait();
                if over.load(Ordering::Acquire) {
                    break;
                }
                told.send(together(1)).unwrap();
            }
        });
        let deadline = Instant::now() + PATIENCE;
        while compared.at_once.len() < ROUNDS_THAT_COUNT && Instant::now() < deadline {
            let start = Instant::now();
            work(0);
            compared.alone = per_observation(start.elapsed()).min(compared.alone);
            turn.wait();
            let (one, other) = (together(0), tell.recv().unwrap());
            let elapsed = one.done.max(other.done) - one.there.max(other.there);
            if one.off_core.max(other.off_core) <= elapsed.mul_f64(OFF_CORE) {
                compared.at_once.push(per_observation(elapsed));
            }
        }
        over.store(true, Ordering::Release);
        turn.wait();
    });
    compared.at_once.sort_by(f64::total_cmp);
    compared
}

fn per_observation(elapsed: Duration) -> f64 {
    elapsed.as_nanos() as f64 / OBSERVATIONS as f64
}

/// Lets two threads go at the same time, as no barrier that sleeps can.
#[derive(Default)]
struct Meeting(AtomicUsize);

impl Meeting {
    fn wait(&self) {
        let came = self.0.fetch_add(1, Ordering::AcqRel);
        let both = came - came % 2 + 2;
        while self.0.load(Ordering::Acquire) < both {
            hint::spin_loop();
        }
    }
}
