//! The installed monitor and the process's stdout. A process of its own each: they own the globals, and are ended or left
//! alone as the test has it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and some are about panics"
)]

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    panic::{self, catch_unwind},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use monitor_layer::Monitor;
use serde_json::Value;

#[path = "support/dropped.rs"]
mod dropped;

use dropped::dropped_lines;

const SCENARIO: &str = "STDOUT_SCENARIO";
/// Longer than any of them takes.
const LONG: Duration = Duration::from_secs(60);

/// Runs this test binary again as the process that is watched.
fn start(scenario: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_watched", "--nocapture"])
        .env(SCENARIO, scenario)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for its end, and ends it where that takes too long.
fn end(mut child: Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > LONG {
            child.kill().unwrap();
            panic!("the process hangs");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// What it logged, the test harness' own words left out.
fn lines(stdout: impl io::Read) -> Vec<Value> {
    let lines = BufReader::new(stdout).lines().map(Result::unwrap);
    lines
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect()
}

fn count(lines: &[Value], message: &str) -> usize {
    let lines = lines.iter();
    lines.filter(|line| line["message"] == message).count()
}

#[test]
fn the_process_that_is_watched() {
    let Ok(scenario) = env::var(SCENARIO) else {
        return;
    };
    // What a panic prints takes time, in which lines are written.
    panic::set_hook(Box::new(|_| {}));
    let monitor = Monitor::builder("api").log_level("info").install().unwrap();
    match scenario.as_str() {
        "reader sleeps" => log_on_though_nobody_reads(&monitor),
        "reader is gone" => log_on_though_nobody_will_read(&monitor),
        "panics" => panic_and_exit(&monitor),
        "returns" => log_many(),
        _ => panic!("{scenario}?"),
    }
    drop(monitor);
    std::process::exit(0);
}

fn log_many() {
    for number in 0..MANY {
        tracing::info!(number, "Line");
    }
}

const MANY: usize = 3_000;

fn say(text: &str) {
    io::stderr()
        .write_all(format!("{text}\n").as_bytes())
        .unwrap();
}

fn wait_for_word() {
    io::stdin().read_line(&mut String::new()).unwrap();
}

fn log_on_though_nobody_reads(monitor: &Monitor) {
    let filling = "x".repeat(1_000);
    for _ in 0..MANY {
        tracing::info!(filling, "Line");
    }
    for _ in 0..10 {
        tracing::error!(filling, "Error");
    }
    let start = Instant::now();
    monitor.flush(Duration::from_millis(100));
    assert!(start.elapsed() < LONG / 2);
    say(&format!("dropped {}", dropped_lines(monitor)));
    wait_for_word();
    monitor.flush(LONG);
}

#[test]
fn a_reader_that_sleeps_blocks_nobody_and_costs_info_lines_that_are_told() {
    let mut child = start("reader sleeps");
    let said = BufReader::new(child.stderr.take().unwrap());
    let dropped: usize = said
        .lines()
        .map(Result::unwrap)
        .find_map(|line| {
            line.strip_prefix("dropped ")
                .map(|count| count.parse().unwrap())
        })
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let reading = thread::spawn(move || lines(stdout));
    child.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    assert!(end(child).success());
    let lines = reading.join().unwrap();
    assert!(dropped > 0);
    assert_eq!(count(&lines, "Line") + dropped, MANY);
    assert_eq!(count(&lines, "Error"), 10);
    assert_eq!(count(&lines, &format!("{dropped} log lines dropped")), 1);
}

fn log_on_though_nobody_will_read(monitor: &Monitor) {
    say("ready");
    wait_for_word();
    log_many();
    monitor.flush(LONG);
    say(&format!("dropped {}", dropped_lines(monitor)));
}

#[test]
fn a_reader_that_is_gone_kills_nobody_and_each_line_counts_as_dropped() {
    let mut child = start("reader is gone");
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("ready") {
        stderr.read_line(&mut said).unwrap();
    }
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    stderr.read_to_string(&mut said).unwrap();
    assert!(end(child).success(), "{said}");
    assert!(said.contains(&format!("dropped {MANY}")), "{said}");
}

/// The writer has just written, and lets more come together for some milliseconds.
fn panic_and_exit(monitor: &Monitor) -> ! {
    tracing::info!("Line");
    monitor.flush(LONG);
    tracing::info!("Last words");
    let _ = catch_unwind(|| panic!("on purpose"));
    std::process::exit(0);
}

#[test]
fn a_panic_waits_for_the_lines_before_it() {
    let mut child = start("panics");
    let lines = lines(child.stdout.take().unwrap());
    assert!(end(child).success());
    assert_eq!(count(&lines, "Last words"), 1);
}

#[test]
fn a_process_that_returns_from_main_loses_nothing() {
    let mut child = start("returns");
    let lines = lines(child.stdout.take().unwrap());
    assert!(end(child).success());
    assert_eq!(count(&lines, "Line"), MANY);
}
