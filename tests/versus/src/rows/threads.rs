//! Two threads that observe in one series at the same time, over one thread that does so alone.
//!
//! Both threads live through all rounds, as those of a runtime do. Wall time runs from the moment the second of them is
//! there to the moment the second of them is done. A round counts only where the machine had two cores for it: both
//! threads were on a core all along, which their CPU time tells, and work that touches no memory was as fast for both at
//! once as for one alone, right before and right after. Two virtual processors are now and then two threads of one core,
//! which no system call tells. Each contestant is judged by its best such round; where there is none, the row does not
//! hold.

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
const PATIENCE: Duration = Duration::from_secs(20);
/// Of the work that touches no memory: some ten microseconds.
const STEPS: u64 = 6_000;
/// How much slower it may be for two threads at once.
const SLOWER: f64 = 1.1;

pub(crate) fn print(table: &mut Table) {
    let ours = DurationHistogram::new();
    let prometheus = peers::prometheus::histogram();
    let client = peers::prometheus_client::histogram();
    let (_provider, otel) = peers::opentelemetry::histogram();
    let ours = compare(|observed| ours.observe(observed.duration, observed.sampled));
    let prometheus = compare(|observed| prometheus.observe(observed.seconds));
    let client = compare(|observed| client.observe(observed.seconds));
    let otel = compare(|observed| otel.record(observed.seconds, &[]));
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
    /// Of the work that touches no memory, the slower of before and after.
    control: Duration,
}

fn compare(observe: impl Fn(&Observation) + Sync) -> Compared {
    let lap = Lap::of(observations(1));
    let work = || {
        for observed in lap.along(OBSERVATIONS) {
            observe(observed);
        }
    };
    let control = (0..ROUNDS_THAT_COUNT).map(|_| timed(compute)).min();
    let control = control.unwrap_or_default();
    let (turn, meeting) = (Barrier::new(2), Meeting::default());
    let together = || {
        meeting.wait();
        let before = timed(compute);
        // Twice, so that what is timed holds neither a long wait for the other nor the readings of the clocks.
        meeting.wait();
        let (on_core, there) = (ThreadTime::now(), Instant::now());
        meeting.wait();
        work();
        let done = Instant::now();
        let off_core = (done - there).saturating_sub(on_core.elapsed());
        meeting.wait();
        Round {
            there,
            done,
            off_core,
            control: timed(compute).max(before),
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
                told.send(together()).unwrap();
            }
        });
        let deadline = Instant::now() + PATIENCE;
        while compared.at_once.len() < ROUNDS_THAT_COUNT && Instant::now() < deadline {
            let start = Instant::now();
            work();
            compared.alone = per_observation(start.elapsed()).min(compared.alone);
            turn.wait();
            let (one, other) = (together(), tell.recv().unwrap());
            let elapsed = one.done.max(other.done) - one.there.max(other.there);
            if one.off_core.max(other.off_core) <= elapsed.mul_f64(OFF_CORE)
                && one.control.max(other.control) <= control.mul_f64(SLOWER)
            {
                compared.at_once.push(per_observation(elapsed));
            }
        }
        over.store(true, Ordering::Release);
        turn.wait();
    });
    compared.at_once.sort_by(f64::total_cmp);
    compared
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Keeps a core busy without a look into memory.
fn compute() {
    let mut values = [1_u64, 2, 3, 4, 5, 6];
    for step in 0..hint::black_box(STEPS) {
        for value in &mut values {
            *value = value.rotate_left(5) ^ step;
        }
    }
    hint::black_box(values);
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
