//! What an installed monitor logs while it runs: a process of its own, for it owns what `tracing` keeps of call sites,
//! and what is done at a panic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    convert::Infallible,
    io, panic,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use http::{Request, Response};
use monitor_layer::{LogWriter, Monitor};
use tower::{Layer as _, ServiceExt as _};
use tracing::level_filters::LevelFilter;

#[path = "support/written.rs"]
mod written;

use written::Written;

/// Soon over, and long enough to be seen.
const PERIOD: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);

static INSTALLED: LazyLock<(Monitor, Written)> = LazyLock::new(|| {
    let written = Written::default();
    let monitor = Monitor::builder("api")
        .service_name("api")
        .log_level("info")
        .sample_ratio(0.0)
        .log_ratio(0.0)
        .log_to(written.clone())
        .log_writer(LogWriter::Synchronous)
        .install()
        .unwrap();
    (monitor, written)
});

/// The tests share the monitor's lines.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One call site each.
fn log() {
    tracing::debug!("Debug");
    tracing::debug!(target: "sqlx::query", "Query");
    tracing::info!("Info");
}

/// The messages that come of `work`.
fn messages(written: &Written, work: impl FnOnce()) -> Vec<String> {
    let before = written.lines().len();
    work();
    let lines = written.lines();
    let lines = lines[before..].iter();
    lines
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect()
}

/// Looks again and again until `work` makes these.
fn eventually(written: &Written, work: impl Fn(), expected: &[&str]) {
    let start = Instant::now();
    while messages(written, &work) != expected {
        assert!(start.elapsed() < LONG, "never {expected:?}");
        thread::yield_now();
    }
}

fn run_job(monitor: &Monitor) {
    let job = monitor.job("job-1").run(async { Ok::<_, io::Error>(()) });
    job.now_or_never().unwrap().unwrap();
}

#[test]
fn levels_change_at_once_and_fall_back_by_themselves() {
    let (monitor, written) = &*INSTALLED;
    let _alone = alone();
    let worker = monitor.worker("worker");
    assert_eq!(messages(written, log), ["Info"]);
    assert_eq!(LevelFilter::current(), LevelFilter::INFO);

    // For good, by target, from any thread, through any name of the monitor.
    worker.set_log_level("info,sqlx=debug").unwrap();
    let in_a_thread = || thread::spawn(log).join().unwrap();
    assert_eq!(messages(written, in_a_thread), ["Query", "Info"]);
    assert_eq!(monitor.log_level(), "info,sqlx=debug");
    monitor.set_log_level("loud").unwrap_err();
    monitor.set_log_level_for("info,sqlx", LONG).unwrap_err();
    assert_eq!(messages(written, log), ["Query", "Info"]);
    monitor.set_log_level("debug").unwrap();
    assert_eq!(messages(written, log), ["Debug", "Query", "Info"]);
    monitor.reset_log_level();
    assert_eq!(messages(written, log), ["Info"]);
    assert_eq!(LevelFilter::current(), LevelFilter::INFO);

    // The monitor's own lines obey like others.
    monitor.set_log_level("error").unwrap();
    assert!(messages(written, || run_job(&worker)).is_empty());
    monitor.set_log_level("error,monitor_layer=info").unwrap();
    let lines = messages(written, || run_job(&worker));
    assert_eq!(lines, ["Job started", "Job completed"]);
    monitor.reset_log_level();

    // More for a time, and then what was before; `tracing` looks no further than it did.
    monitor.set_log_level_for("debug", LONG).unwrap();
    assert_eq!(messages(written, log), ["Debug", "Query", "Info"]);
    assert_eq!(LevelFilter::current(), LevelFilter::DEBUG);
    monitor.set_log_level_for("debug", PERIOD).unwrap();
    eventually(written, log, &["Info"]);
    assert_eq!(LevelFilter::current(), LevelFilter::INFO);

    // Less for a time, in which nothing comes by that could see its end.
    monitor.set_log_level_for("off", LONG).unwrap();
    assert!(messages(written, log).is_empty());
    monitor.set_log_level_for("off", PERIOD).unwrap();
    eventually(written, || tracing::info!("Back"), &["Back"]);
    assert_eq!(monitor.log_level(), "info");
}

#[test]
fn a_panic_has_what_was_held_back_around_it_written_at_once() {
    let (monitor, written) = &*INSTALLED;
    let _alone = alone();
    let ask = |panics: bool| {
        let work = move |_: Request<String>| async move {
            tracing::info!("Before");
            if panics {
                let caught = panic::catch_unwind(|| panic!("no disk"));
                caught.unwrap_err();
                // The exchange is not over yet.
                assert_eq!(last(written), "Before");
            }
            Ok::<_, Infallible>(Response::new(String::new()))
        };
        // Else what is asserted inside would be an answer like others.
        let layer = monitor.layer().resume_panics();
        let service = layer.layer(tower::service_fn(work));
        let answer = service.oneshot(Request::new(String::new()));
        drop(answer.now_or_never().unwrap());
    };
    // The first one warns of its route.
    ask(false);
    assert!(messages(written, || ask(false)).is_empty());
    let lines = messages(written, || ask(true));
    assert_eq!(lines, ["Request started", "Before", "Request completed"]);
    let last = written.lines().pop().unwrap();
    assert!(last["metadata"]["adjustedCount"].is_null(), "{last}");
}

fn last(written: &Written) -> String {
    let last = written.lines().pop().unwrap();
    last["message"].as_str().unwrap().to_owned()
}
