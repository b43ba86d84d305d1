//! The installed monitor: a process of its own, for it owns the globals.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io;

use monitor_layer::{BuildError, LogWriter, Monitor, instrument_step};

#[path = "support/written.rs"]
mod written;

use written::Written;

fn builder(name: &str, written: &Written) -> monitor_layer::MonitorBuilder {
    Monitor::builder(name)
        .service_name(name)
        .log_level("info")
        .log_to(written.clone())
        .log_writer(LogWriter::Synchronous)
}

#[instrument_step]
fn lonely() {
    tracing::info!("Inside");
    tracing::debug!("Hidden");
}

#[test]
fn the_installed_monitor_serves_what_runs_in_nobody_s_work() {
    let (written, other) = (Written::default(), Written::default());
    let monitor = builder("api", &written).install().unwrap();

    lonely();
    let lines = written.lines();
    let messages: Vec<_> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages, ["Step started", "Inside", "Step completed"]);
    assert!(
        lines
            .iter()
            .all(|line| line["traceId"] == lines[0]["traceId"])
    );
    assert!(
        lines
            .iter()
            .all(|line| line["spanId"] == lines[0]["spanId"])
    );
    assert_eq!(lines[1]["metadata"]["step"], "lonely");

    let second = builder("second", &other).install().unwrap_err();
    assert!(matches!(second, BuildError::MonitorInstalled), "{second}");

    let beside = builder("beside", &other).build().unwrap();
    let work = beside.job("job-1").run(async {
        lonely();
        Ok::<_, io::Error>(())
    });
    futures_util::FutureExt::now_or_never(work)
        .unwrap()
        .unwrap();
    assert_eq!(
        written.lines().len(),
        3,
        "work of another monitor is not the installed one's"
    );
    assert_eq!(other.lines().len(), 5);
    assert!(other.lines().iter().all(|line| line["service"] == "beside"));
    drop(monitor);
}
