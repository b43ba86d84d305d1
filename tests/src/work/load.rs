//! Ten thousand steps in nested and concurrent jobs, each ended at random: all of them are counted, by what became of
//! them, and none sees another's job.

use std::{
    collections::HashMap,
    future::pending,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture, future::join_all};
use monitor_layer::{Retries, SpanId, TraceContext, instrument_step, testing::TestMonitor};
use tokio::{runtime, sync::Semaphore};

use super::ends;
use crate::support::Random;

const JOBS: u64 = 490;
const STEPS_A_JOB: u64 = 20;
/// Which the runtime takes with it.
const LEFT_OVER: u64 = 200;
const SEEDS: [u64; 1] = [7];

/// What was done, by the order of the statuses.
#[derive(Default)]
struct Tally {
    steps: [AtomicU64; 4],
    jobs: [AtomicU64; 3],
}

const SUCCESS: usize = 0;
const ERROR: usize = 1;
const PANICKED: usize = 2;
const CANCELLED: usize = 3;

const COMPLETED: usize = 0;
const JOB_FAILED: usize = 1;
const JOB_CANCELLED: usize = 2;

/// A monitor, and what it should have counted.
#[derive(Clone)]
struct Side {
    monitor: TestMonitor,
    tally: Arc<Tally>,
}

impl Side {
    fn new() -> Self {
        Self {
            monitor: TestMonitor::new("worker"),
            tally: Arc::default(),
        }
    }

    fn step(&self, end: usize) {
        self.tally.steps[end].fetch_add(1, Ordering::Relaxed);
    }

    fn job(&self, end: usize) {
        self.tally.jobs[end].fetch_add(1, Ordering::Relaxed);
    }
}

/// So many steps, of which one is around the others.
#[derive(Clone)]
struct Node {
    side: Side,
    job: String,
    parent: SpanId,
    steps: u64,
    seed: u64,
    end: End,
    /// Told when it waits for what will not come.
    waits: Arc<Semaphore>,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Success,
    Error,
    Panic,
    Aborted,
    TimedOut,
    LostRace,
}

impl End {
    fn random(random: &mut Random, steps: u64) -> Self {
        let any = [Self::Success, Self::Error, Self::Panic, Self::Aborted];
        let alone = [Self::TimedOut, Self::LostRace];
        // What is left at once has nothing inside that would be left with it.
        let choice = random.below(if steps == 1 { 6 } else { 4 }) as usize;
        *any.iter().chain(&alone).nth(choice).unwrap()
    }
}

/// Numbers that add up to this one.
fn split(random: &mut Random, mut all: u64) -> Vec<u64> {
    let mut parts = Vec::new();
    while all > 0 {
        parts.push(1 + random.below(all));
        all -= parts[parts.len() - 1];
    }
    parts
}

/// That this runs as part of the job and below the span that it should.
fn check(job: &str, parent: Option<SpanId>) -> SpanId {
    let current = monitor_layer::current();
    assert_eq!(current.job_id().as_deref(), Some(job));
    assert_eq!(current.user_id().as_deref(), Some(&*format!("u-{job}")));
    let context = TraceContext::current().unwrap();
    if parent.is_some() {
        assert_eq!(context.parent_span_id(), parent);
    }
    context.span_id()
}

#[instrument_step]
async fn step(node: Node) -> Result<(), String> {
    let own = check(&node.job, Some(node.parent));
    let mut random = Random::new(node.seed);
    if node.steps > 1 {
        all(&node, own, &mut random, node.steps - 1).await;
        tokio::task::yield_now().await;
        check(&node.job, Some(node.parent));
    }
    match node.end {
        End::Success => Ok(()),
        End::Error => Err(format!("{} of {}", node.seed, node.job)),
        End::Panic => panic!("a step of {}", node.job),
        End::Aborted | End::TimedOut | End::LostRace => {
            node.waits.add_permits(1);
            pending().await
        }
    }
}

/// Runs so many steps below a span, some at a time.
fn all<'a>(around: &Node, parent: SpanId, random: &mut Random, steps: u64) -> BoxFuture<'a, ()> {
    let nodes = split(random, steps).into_iter().map(|steps| {
        let node = Node {
            parent,
            steps,
            seed: random.below(u64::MAX),
            end: End::random(random, steps),
            waits: Arc::new(Semaphore::new(0)),
            ..around.clone()
        };
        match random.below(8) {
            0 => nested(node).boxed(),
            _ => run(node).map(drop).boxed(),
        }
    });
    let nodes: Vec<BoxFuture<'_, ()>> = nodes.collect();
    join_all(nodes).map(drop).boxed()
}

/// In a job of its own, which is part of the one around.
async fn nested(node: Node) {
    let id = format!("{}-{}", node.job, node.seed);
    let job = node.side.monitor.job(id.clone()).niche("load");
    let user = format!("u-{id}");
    let side = node.side.clone();
    let ended = job.user(user).run(async move {
        let parent = check(&id, Some(node.parent));
        let node = Node {
            job: id,
            parent,
            ..node
        };
        run(node).await
    });
    side.job(match ended.await {
        Ok(()) => COMPLETED,
        Err(_) => JOB_FAILED,
    });
}

async fn run(node: Node) -> Result<(), String> {
    let side = node.side.clone();
    let waits = Arc::clone(&node.waits);
    let step = step(node.clone());
    match node.end {
        End::Success | End::Error => {
            let ended = step.await;
            side.step(if ended.is_ok() { SUCCESS } else { ERROR });
            return ended;
        }
        End::Panic => {
            assert!(AssertUnwindSafe(step).catch_unwind().await.is_err());
            side.step(PANICKED);
            return Ok(());
        }
        End::Aborted => {
            let task = tokio::spawn(monitor_layer::current().scope(step));
            let limit = Duration::from_secs(20);
            let waiting = tokio::time::timeout(limit, waits.acquire()).await;
            waiting.unwrap().unwrap().forget();
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        End::TimedOut => {
            let late = tokio::time::timeout(Duration::ZERO, step).await;
            assert!(late.is_err());
        }
        End::LostRace => tokio::select! {
            biased;
            _ = step => panic!("it waits for ever"),
            () = async {} => {}
        },
    }
    side.step(CANCELLED);
    Ok(())
}

/// A job of its own task, that ends in one of all ways.
async fn job(side: Side, number: u64, seed: u64) {
    let id = format!("job-{number}");
    let mut random = Random::new(seed);
    let root = Node {
        side: side.clone(),
        job: id.clone(),
        parent: TraceContext::root(&Default::default()).span_id(),
        steps: 0,
        seed: 0,
        end: End::Success,
        waits: Arc::new(Semaphore::new(0)),
    };
    let described = side.monitor.job(id.clone()).niche("load");
    let described = described.user(format!("u-{id}"));
    let end = random.below(5);
    let steps = async {
        let own = check(&root.job, None);
        all(&root, own, &mut random, STEPS_A_JOB).await;
    };
    match end {
        0 => {
            let done = described.run(steps.map(Ok::<_, String>));
            done.await.unwrap();
            side.job(COMPLETED);
        }
        1 => {
            let again = Retries::up_to(2).backoff(Duration::ZERO, Duration::ZERO);
            let mut steps = Some(steps);
            let retried = described.retry(again).when(|_: &String| true);
            let failed = retried.run(|_| {
                let first = steps.take();
                async {
                    if let Some(steps) = first {
                        steps.await;
                    }
                    Err::<(), _>("busy".to_owned())
                }
            });
            failed.await.unwrap_err();
            side.job(JOB_FAILED);
        }
        2 => {
            let panics = described.run(async {
                steps.await;
                panic!("a job");
                #[expect(unreachable_code, reason = "tells the type")]
                Ok::<(), String>(())
            });
            assert!(AssertUnwindSafe(panics).catch_unwind().await.is_err());
            side.job(JOB_FAILED);
        }
        3 => {
            let guard = described.start();
            guard.scope(steps).await;
            guard.completed();
            side.job(COMPLETED);
        }
        _ => {
            let waits = Semaphore::new(0);
            let hangs = described.run(async {
                steps.await;
                waits.add_permits(1);
                pending::<Result<(), String>>().await
            });
            tokio::select! {
                biased;
                _ = hangs => panic!("it waits for ever"),
                _ = waits.acquire() => {}
            }
            side.job(JOB_CANCELLED);
        }
    }
}

/// A job that is never over.
async fn endless(side: Side, number: u64, waits: Arc<Semaphore>) {
    let id = format!("endless-{number}");
    let job = side.monitor.job(id.clone()).niche("load");
    let inside = job.user(format!("u-{id}")).run(async {
        let node = Node {
            side: side.clone(),
            parent: check(&id, None),
            job: id,
            steps: 1,
            seed: number,
            end: End::Aborted,
            waits,
        };
        step(node).await
    });
    let _ = inside.await;
}

fn workers() -> runtime::Runtime {
    let mut builder = runtime::Builder::new_multi_thread();
    builder.worker_threads(4).enable_time().build().unwrap()
}

/// Every step of a side's log stands below the job or the step that its line names, of the same job.
fn assert_parents(side: &Side) {
    let lines = side.monitor.lines();
    let mut spans = HashMap::new();
    for line in &lines {
        let message = line["message"].as_str().unwrap();
        if let "Job started" | "Step started" = message {
            let known = (&line["jobId"], &line["userId"]);
            spans.insert(line["spanId"].as_str().unwrap(), known);
        }
    }
    for line in lines
        .iter()
        .filter(|line| line["message"] == "Step started")
    {
        let parent = line["metadata"]["parentSpanId"].as_str().unwrap();
        assert_eq!(spans[parent], (&line["jobId"], &line["userId"]), "{line}");
    }
}

#[test]
fn whatever_becomes_of_ten_thousand_steps_is_counted_and_none_sees_another_s_job() {
    for seed in SEEDS {
        let sides = [Side::new(), Side::new()];
        let mut random = Random::new(seed);
        let runtime = workers();
        runtime.block_on(async {
            let jobs = (0..JOBS).map(|number| {
                let side = sides[(number % 2) as usize].clone();
                tokio::spawn(job(side, number, random.below(u64::MAX)))
            });
            for job in jobs.collect::<Vec<_>>() {
                job.await.unwrap();
            }
        });
        let waits = Arc::new(Semaphore::new(0));
        for number in 0..LEFT_OVER {
            let side = sides[(number % 2) as usize].clone();
            side.step(CANCELLED);
            side.job(JOB_CANCELLED);
            runtime.spawn(endless(side, number, Arc::clone(&waits)));
        }
        let all = runtime.block_on(waits.acquire_many(LEFT_OVER as u32));
        all.unwrap().forget();
        drop(runtime);

        let mut counted = 0.0;
        for side in &sides {
            let done = |tally: &AtomicU64| tally.load(Ordering::Relaxed) as f64;
            let steps = super::ended(&side.monitor, "step");
            assert_eq!(steps, side.tally.steps.each_ref().map(done), "seed {seed}");
            assert!(steps.iter().all(|steps| *steps > 0.0));
            let jobs = side.tally.jobs.each_ref().map(done);
            assert_eq!(ends(&side.monitor, "load"), jobs, "seed {seed}");
            let active = [("step", "step")];
            assert_eq!(side.monitor.metric("pipeline_steps_active", active), 0.0);
            assert_parents(side);
            counted += steps.iter().sum::<f64>();
        }
        assert_eq!(counted, (JOBS * STEPS_A_JOB + LEFT_OVER) as f64);
    }
}
