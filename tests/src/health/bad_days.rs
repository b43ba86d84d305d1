//! Checks that hang, block, panic and flap.

use std::{
    future::pending,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use monitor_layer::{HealthCheck, testing::TestMonitor};
use serde_json::Value;
use tokio::time::Instant;

use super::{Dependency, fine, is_healthy, ready, told};
use crate::support::eventually;

const OFTEN: Duration = Duration::from_millis(10);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Counts those that are there.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_or_panics_is_unhealthy_and_holds_up_nobody() {
    let monitor = TestMonitor::build("api", |builder| {
        builder
            .check("hangs", pending::<io::Result<()>>)
            .check("panics", || async {
                tokio::task::yield_now().await;
                assert!(String::new().contains('x'), "the check is broken");
                fine().await
            })
            .check(
                "panics.at.once",
                || -> std::future::Ready<io::Result<()>> { panic!("the function is broken") },
            )
            .check("fine", fine)
    })
    .unwrap();
    let start = Instant::now();
    let answer = ready(&monitor).await;
    assert_eq!(start.elapsed().as_secs(), 1);
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    let healthy = ["hangs", "panics", "panics.at.once", "fine"]
        .map(|check| body["checks"][check]["healthy"].clone());
    assert_eq!(healthy, [false, false, false, true]);
    let latency = body["checks"]["hangs"]["latency"].as_f64().unwrap();
    assert!((1_000.0..=1_002.0).contains(&latency), "{latency}");
    let mut told = told(&monitor, "problem");
    told.sort();
    assert_eq!(
        told,
        [
            "failed: it panicked: the check is broken",
            "failed: it panicked: the function is broken",
            "failed: no answer within 1 s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_hangs_is_dropped_at_its_own_time_limit_and_asked_again() {
    let (running, asked) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (counted, counting) = (Arc::clone(&running), Arc::clone(&asked));
    let monitor = TestMonitor::build("api", |builder| {
        let check = HealthCheck::new(move || {
            counting.fetch_add(1, Ordering::Relaxed);
            let running = Running::new(&counted);
            async move {
                pending::<()>().await;
                drop(running);
                fine().await
            }
        });
        builder.check("hangs", check.time_limit(seconds(0.25)))
    })
    .unwrap();
    tokio::time::sleep(seconds(0.2)).await;
    assert_eq!(running.load(Ordering::Relaxed), 1);
    tokio::time::sleep(seconds(0.1)).await;
    assert_eq!(running.load(Ordering::Relaxed), 0);
    assert_eq!(
        told(&monitor, "problem"),
        ["failed: no answer within 0.25 s"]
    );
    tokio::time::sleep(seconds(60.0)).await;
    assert!(asked.load(Ordering::Relaxed) > 9);
    assert!(running.load(Ordering::Relaxed) <= 1);
    drop(monitor);
    let is_dropped = || (running.load(Ordering::Relaxed) == 0).then_some(());
    eventually("what is under way is dropped", is_dropped).await;
}

/// Blocks until it is let go, or the test has failed.
#[derive(Clone)]
struct Blocking {
    asked: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
    let_go: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Blocking {
    fn new() -> (Self, mpsc::Sender<()>) {
        let (sender, receiver) = mpsc::channel();
        let blocking = Self {
            asked: Arc::default(),
            running: Arc::default(),
            let_go: Arc::new(Mutex::new(receiver)),
        };
        (blocking, sender)
    }

    fn block(&self) -> io::Result<()> {
        let _running = Running::new(&self.running);
        self.asked.fetch_add(1, Ordering::SeqCst);
        // Let go by the sender's end, too.
        let _ = self.let_go.lock().unwrap().recv_timeout(seconds(30.0));
        Ok(())
    }
}

#[test]
fn what_blocks_its_thread_holds_up_neither_the_runtime_nor_its_end_and_is_not_asked_again_before_it_is_over()
 {
    let (blocking, let_go) = Blocking::new();
    let (in_future, in_function) = (blocking.clone(), blocking.clone());
    let asked = Arc::clone(&blocking.asked);
    // One worker: if the check had it, nothing else would run.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let work = runtime.spawn(async move {
        let limit = Duration::from_millis(20);
        let monitor = TestMonitor::build("api", |builder| {
            let future = HealthCheck::new(move || {
                let blocking = in_future.clone();
                async move { blocking.block() }
            });
            let function = HealthCheck::blocking(move || in_function.block());
            builder
                .check_interval(OFTEN)
                .check("future", future.time_limit(limit))
                .check("function", function.time_limit(limit))
                .check("fine", fine)
        });
        let monitor = monitor.unwrap();
        let body: Value = serde_json::from_str(&ready(&monitor).await.text).unwrap();
        let healthy =
            ["future", "function", "fine"].map(|check| body["checks"][check]["healthy"].as_bool());
        assert_eq!(healthy, [Some(false), Some(false), Some(true)]);
        let both_block = || (asked.load(Ordering::Relaxed) == 2).then_some(());
        eventually("both are asked", both_block).await;
        let runs = || monitor.metric("health_check_duration_seconds_count", [("check", "fine")]);
        let until = runs() + 20.0;
        let goes_on = || (runs() > until).then_some(());
        eventually("the other check is asked many times", goes_on).await;
        monitor
    });
    let monitor = runtime.block_on(work).unwrap();
    assert_eq!(blocking.asked.load(Ordering::Relaxed), 2);
    // Both are let go, and asked again.
    for _ in 0..2 {
        let_go.send(()).unwrap();
    }
    runtime.block_on(eventually("both are asked again", || {
        (blocking.asked.load(Ordering::Relaxed) == 4).then_some(())
    }));
    // Would not come back while they block, were their threads the runtime's.
    drop(runtime);
    assert_eq!(blocking.running.load(Ordering::Relaxed), 2);
    drop((monitor, let_go));
}

#[test]
fn a_runtime_that_ends_ends_what_is_asked_in_it_without_a_panic() {
    struct Ends(Arc<AtomicUsize>, Arc<AtomicUsize>);

    impl Drop for Ends {
        fn drop(&mut self) {
            let Self(ends, panics) = self;
            if std::thread::panicking() {
                panics.fetch_add(1, Ordering::Relaxed);
            }
            ends.fetch_add(1, Ordering::Relaxed);
        }
    }

    let (ends, panics) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    for round in 1..=50 {
        let (sender, begun) = mpsc::channel();
        let counts = (Arc::clone(&ends), Arc::clone(&panics));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let guard = runtime.enter();
        let _monitor = TestMonitor::build("api", |builder| {
            builder.check("waits", move || {
                let (ends, sender) = (Ends(counts.0.clone(), counts.1.clone()), sender.clone());
                async move {
                    let _ends = ends;
                    let waits = tokio::time::sleep(seconds(3_600.0));
                    // Told once the timer is looked at.
                    tokio::join!(waits, async { sender.send(()).is_ok() });
                    fine().await
                }
            })
        });
        begun.recv().unwrap();
        drop(guard);
        drop(runtime);
        let start = std::time::Instant::now();
        while ends.load(Ordering::Relaxed) < round {
            assert!(start.elapsed() < seconds(20.0), "it does not end");
            std::thread::yield_now();
        }
    }
    assert_eq!(panics.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn what_flaps_stays_what_it_was_until_it_has_failed_as_often_as_the_threshold_says() {
    let answers = [true, false, true, false, false, false, true, true, false];
    let asked = Arc::<AtomicUsize>::default();
    let counting = Arc::clone(&asked);
    let monitor = TestMonitor::build("api", |builder| {
        let check = HealthCheck::new(move || {
            let number = counting.fetch_add(1, Ordering::Relaxed);
            let healthy = answers.get(number).is_none_or(|healthy| *healthy);
            std::future::ready(match healthy {
                true => Ok(()),
                false => Err(io::Error::other("it is down")),
            })
        });
        builder.check("flaps", check.failure_threshold(3).success_threshold(2))
    })
    .unwrap();
    let mut healthy = vec![];
    for number in 1..=answers.len() {
        while asked.load(Ordering::Relaxed) < number {
            tokio::time::sleep(seconds(0.1)).await;
        }
        healthy.push(is_healthy(&monitor, "flaps").await);
        let status = monitor.metric("health_check_status", [("check", "flaps")]);
        assert_eq!(status, f64::from(u8::from(healthy[number - 1])));
    }
    let expected = [true, true, true, true, true, false, false, true, true];
    assert_eq!(healthy, expected);
    let expected = ["failed: healthy", "failed: unhealthy", "recovered: healthy"];
    assert_eq!(told(&monitor, "status"), expected);
}

#[tokio::test(start_paused = true)]
async fn one_late_answer_is_no_outage_but_the_first_one_counts_at_once() {
    let dependency = Dependency::default();
    dependency.set_down(true);
    let monitor = TestMonitor::build("api", |builder| {
        builder.check("database", dependency.check())
    })
    .unwrap();
    assert!(!is_healthy(&monitor, "database").await);
    dependency.set_down(false);
    tokio::time::sleep(seconds(5.6)).await;
    assert!(is_healthy(&monitor, "database").await);
    dependency.set_down(true);
    let asked = dependency.asked();
    while dependency.asked() == asked {
        tokio::time::sleep(seconds(0.1)).await;
    }
    assert!(is_healthy(&monitor, "database").await);
    tokio::time::sleep(seconds(5.6)).await;
    assert!(!is_healthy(&monitor, "database").await);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_goes_on_to_fail_is_told_of_once_a_minute_and_its_end_once() {
    let dependency = Dependency::default();
    dependency.set_down(true);
    let monitor = TestMonitor::build("api", |builder| {
        builder.check("database", dependency.check())
    })
    .unwrap();
    tokio::time::sleep(seconds(600.0)).await;
    let failures = dependency.asked();
    dependency.set_down(false);
    tokio::time::sleep(seconds(60.0)).await;
    let told = told(&monitor, "problem");
    let (recovered, failed) = told.split_last().unwrap();
    assert_eq!(recovered, "recovered: null");
    assert!((9..=10).contains(&failed.len()), "{failed:?}");
    assert!(failed.iter().all(|line| line == "failed: it is down"));
    let lines = monitor.lines();
    let suppressed = lines
        .iter()
        .filter_map(|line| line["metadata"]["suppressed"].as_u64());
    let suppressed = suppressed.sum::<u64>() as usize;
    // What was left out since the last line is not told any more.
    let untold = failures - suppressed - failed.len();
    assert!(untold <= 13, "{untold}");
    assert_eq!(lines.last().unwrap()["level"], "info");
}

#[test]
fn answers_that_are_too_old_are_failures_and_told_of_once_until_there_are_new_ones() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let (asks, probes) = (runtime(), runtime());
    let limit = Duration::from_millis(500);
    let build = |builder: monitor_layer::MonitorBuilder| {
        let builder = builder.check_interval(OFTEN).check_age_limit(limit);
        let check = HealthCheck::new(fine).time_limit(limit / 2);
        builder.check("database", check)
    };
    let monitor = asks.block_on(async {
        let monitor = TestMonitor::build("api", build).unwrap();
        while !is_healthy(&monitor, "database").await {
            tokio::time::sleep(OFTEN).await;
        }
        monitor
    });
    let told_before = told(&monitor, "status").len();
    let told = |key| told(&monitor, key).split_off(told_before);
    let status = || monitor.metric("health_check_status", [("check", "database")]);
    // Nobody drives the runtime that asks now.
    let is_told = || (!told("problem").is_empty()).then_some(());
    probes.block_on(async {
        let probing = async {
            loop {
                ready(&monitor).await;
                tokio::time::sleep(OFTEN).await;
            }
        };
        tokio::select! {
            () = eventually("the answers are old", is_told) => {}
            () = probing => {}
        }
        for _ in 0..10 {
            assert_eq!(ready(&monitor).await.status, 503);
        }
    });
    assert_eq!(status(), 0.0);
    let problems = told("problem");
    assert_eq!(problems.len(), 1);
    let expected = " s old, and may be 0.5 s old: the runtime that asks stands still";
    assert!(problems[0].ends_with(expected), "{problems:?}");
    asks.block_on(async {
        let is_back = || (told("status").len() > 1).then_some(());
        eventually("there are new ones", is_back).await;
        while ready(&monitor).await.status != 200 {
            tokio::time::sleep(OFTEN).await;
        }
    });
    let expected = ["failed: unhealthy", "recovered: healthy"];
    assert_eq!(told("status")[..2], expected);
    assert_eq!(status(), 1.0);
}
