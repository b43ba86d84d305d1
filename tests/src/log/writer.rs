//! The thread that writes: nobody waits for what it waits for.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, OnceLock},
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use monitor_layer::{LogWriter, Monitor};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::{Written, dropped_lines};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);

/// A writer that lets nothing through until it is opened.
#[derive(Clone, Default)]
struct Gate {
    open: Arc<(Mutex<bool>, Condvar)>,
    written: Written,
}

impl Gate {
    fn open(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }
}

impl io::Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let open = self.open.0.lock().unwrap();
        drop(self.open.1.wait_while(open, |open| !*open).unwrap());
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn monitor(writer: impl io::Write + Send + 'static) -> Monitor {
    Monitor::builder("api")
        .service_name("api")
        .env("test")
        .log_level("debug")
        .log_to(writer)
        .log_writer(LogWriter::Background)
        .build()
        .unwrap()
}

fn log(monitor: &Monitor, log: impl FnOnce()) {
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    tracing::subscriber::with_default(subscriber, log);
}

fn count(lines: &[serde_json::Value], message: &str) -> usize {
    let lines = lines.iter();
    lines.filter(|line| line["message"] == message).count()
}

#[test]
fn lines_come_out_whole_and_in_order() {
    let written = Written::default();
    let monitor = monitor(written.clone());
    log(&monitor, || {
        for number in 0..2_000 {
            tracing::info!(number, "Line");
        }
    });
    monitor.flush(LONG);
    let numbers: Vec<_> = written
        .lines()
        .iter()
        .map(|line| line["metadata"]["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..2_000).collect::<Vec<_>>());
    assert_eq!(dropped_lines(&monitor), 0);
}

#[test]
fn an_output_that_blocks_costs_debug_and_info_lines_first_and_their_number_is_told() {
    const LINES: usize = 4_000;

    let gate = Gate::default();
    let monitor = monitor(gate.clone());
    let filling = "x".repeat(1_000);
    log(&monitor, || {
        for _ in 0..LINES {
            tracing::debug!(filling, "Debug");
        }
        for _ in 0..LINES {
            tracing::info!(filling, "Info");
        }
        for _ in 0..20 {
            tracing::warn!(filling, "Warn");
            tracing::error!(filling, "Error");
        }
    });
    let start = Instant::now();
    monitor.flush(Duration::from_millis(50));
    assert!(start.elapsed() < LONG / 2, "{:?}", start.elapsed());
    let dropped = dropped_lines(&monitor);
    assert!(dropped > LINES, "{dropped}");

    gate.open();
    monitor.flush(LONG);
    let lines = gate.written.lines();
    assert_eq!((count(&lines, "Warn"), count(&lines, "Error")), (20, 20));
    let (debug, info) = (count(&lines, "Debug"), count(&lines, "Info"));
    assert!(debug > 0 && info > 0, "{debug} debug and {info} info lines");
    assert_eq!(debug + info + dropped, 2 * LINES);
    let told: Vec<_> = lines
        .iter()
        .filter(|line| !line["metadata"]["dropped"].is_null())
        .collect();
    let [told] = told[..] else {
        panic!("told {} times", told.len())
    };
    assert_eq!(told["message"], format!("{dropped} log lines dropped"));
    assert_eq!(told["metadata"]["dropped"], dropped);
    assert_eq!(
        (&told["level"], &told["service"]),
        (&"warn".into(), &"api".into())
    );
}

#[tokio::test]
async fn shutdown_and_the_last_handle_keep_their_deadline_though_the_output_blocks() {
    let monitor = monitor(Gate::default());
    log(&monitor, || tracing::info!("Never seen"));
    let start = Instant::now();
    monitor.shutdown(Duration::from_millis(50)).await;
    drop(monitor);
    assert!(start.elapsed() < LONG / 2, "{:?}", start.elapsed());
}

#[test]
fn the_last_handle_s_end_writes_what_is_under_way() {
    let written = Written::default();
    let monitor = monitor(written.clone());
    log(&monitor, || {
        for _ in 0..100 {
            tracing::info!("Line");
        }
    });
    drop(monitor);
    assert_eq!(written.lines().len(), 100);
}

#[test]
fn an_output_that_fails_counts_its_lines_and_they_are_told_once_it_works() {
    struct Full(Written, u32);

    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.1 > 0 {
                self.1 -= 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let written = Written::default();
    let monitor = monitor(Full(written.clone(), 1));
    log(&monitor, || tracing::info!("Lost"));
    monitor.flush(LONG);
    assert_eq!(dropped_lines(&monitor), 1);
    log(&monitor, || tracing::info!("Kept"));
    monitor.flush(LONG);
    let lines = written.lines();
    assert_eq!(lines[0]["message"], "Kept");
    assert_eq!(lines[1]["message"], "1 log lines dropped");
    assert_eq!(lines.len(), 2);
}

#[test]
fn a_writer_that_logs_does_not_go_on_for_ever() {
    #[derive(Clone, Default)]
    struct Chatty(Written, Arc<OnceLock<Monitor>>);

    impl io::Write for Chatty {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let job = self.1.wait().job("job-1");
            let _ = job.run(async { Ok::<_, io::Error>(()) }).now_or_never();
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let chatty = Chatty::default();
    let monitor = monitor(chatty.clone());
    chatty.1.set(monitor.clone()).unwrap();
    log(&monitor, || tracing::info!("Once"));
    monitor.flush(LONG);
    assert_eq!(chatty.0.lines().len(), 1);
    assert_eq!(dropped_lines(&monitor), 2, "the job's");
}
