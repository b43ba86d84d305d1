//! Panics of an installed monitor's process: one of its own, for the hook is the process's.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    panic,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use monitor_layer::{ErrorEvent, Monitor, MonitorBuilder, current, instrument_step};
use serde_json::Value;

/// Where a process that is to die finds the server.
const SERVER: &str = "TESTS_SENTRY_SERVER";

/// Takes events as Sentry does.
fn server() -> (SocketAddr, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let events = Arc::<Mutex<Vec<Value>>>::default();
    let taken = Arc::clone(&events);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, taken) = (stream.unwrap(), Arc::clone(&taken));
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                loop {
                    let mut length = 0;
                    loop {
                        let mut line = String::new();
                        if reader.read_line(&mut line).unwrap_or(0) == 0 {
                            return;
                        }
                        let line = line.trim().to_ascii_lowercase();
                        if let Some(value) = line.strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        if line.is_empty() {
                            break;
                        }
                    }
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    let body = String::from_utf8(body).unwrap();
                    let items = body
                        .lines()
                        .filter_map(|line| serde_json::from_str(line).ok());
                    let events = items.filter(|item: &Value| item["exception"].is_object());
                    taken.lock().unwrap().extend(events);
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    stream.write_all(answer).unwrap();
                }
            });
        }
    });
    (address, events)
}

fn builder(server: impl std::fmt::Display) -> MonitorBuilder {
    Monitor::builder("api")
        .service_name("api")
        .env("test")
        .log_level("off")
        .log_to(std::io::sink())
        .sentry_traces_sample_rate(0.0)
        .sentry_dsn(format!("http://key@{server}/1"))
}

fn wait_for(events: &Mutex<Vec<ErrorEvent>>, count: usize) -> Vec<ErrorEvent> {
    let start = Instant::now();
    loop {
        let events = events.lock().unwrap().clone();
        if events.len() >= count {
            return events;
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "waited in vain: {events:?}"
        );
        thread::yield_now();
    }
}

#[instrument_step]
fn break_down() {
    panic!("the renderer is gone");
}

#[test]
fn each_panic_is_captured_once_whoever_catches_it_or_nobody() {
    let before = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&before);
    panic::set_hook(Box::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    }));
    let (server, _) = server();
    let events = Arc::<Mutex<Vec<ErrorEvent>>>::default();
    let kept = Arc::clone(&events);
    let monitor = builder(server)
        .before_send(move |event| {
            assert_ne!(
                event.message, "twice",
                "a panic within the hook would end the process"
            );
            kept.lock().unwrap().push(event.clone());
            Some(event)
        })
        .install()
        .unwrap();

    // Nobody's work.
    thread::spawn(|| panic!("lost thread")).join().unwrap_err();
    let lost = wait_for(&events, 1).remove(0);
    assert_eq!(
        (&*lost.error_type, &*lost.message),
        ("panic", "lost thread")
    );
    assert_eq!(lost.level.as_str(), "fatal");
    assert!(
        lost.location.unwrap().starts_with(file!()),
        "where it panicked"
    );

    // Caught where the job is polled.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let run = monitor.job("job-1").run(async {
        break_down();
        Ok::<_, std::io::Error>(())
    });
    let ended = runtime.block_on(futures_util::FutureExt::catch_unwind(
        panic::AssertUnwindSafe(run),
    ));
    ended.unwrap_err();
    let caught = wait_for(&events, 2).remove(1);
    assert_eq!(
        (&*caught.message, caught.step.as_deref()),
        ("the renderer is gone", Some("break_down"))
    );
    assert_eq!(caught.level.as_str(), "error");
    assert!(caught.location.unwrap().starts_with(file!()));

    // Of a job, where nobody of ours polls it.
    let run = monitor.job("job-2").run(async {
        let spawned = current().user("u-1").scope(async { panic!("spawned") });
        tokio::spawn(spawned).await.unwrap_err();
        Ok::<_, std::io::Error>(())
    });
    runtime.block_on(run).unwrap();
    let spawned = wait_for(&events, 3).remove(2);
    assert_eq!(
        (&*spawned.message, spawned.job.as_deref()),
        ("spawned", Some("job-2"))
    );
    assert_eq!(spawned.user.as_deref(), Some("u-1"));

    // What the user's own code catches inside is no failure.
    let run = monitor.job("job-3").run(async {
        panic::catch_unwind(|| panic!("on purpose")).unwrap_err();
        Ok::<_, std::io::Error>(())
    });
    runtime.block_on(run).unwrap();

    // One in `before_send` loses its event, and no more.
    thread::spawn(|| panic!("twice")).join().unwrap_err();

    monitor.flush(Duration::from_secs(20));
    assert_eq!(events.lock().unwrap().len(), 3);
    assert!(
        before.load(Ordering::Relaxed) >= 5,
        "the hook of before is called as ever"
    );
}

#[test]
fn a_panic_that_ends_the_process_is_sent_before_it_does() {
    let (server, events) = server();
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--ignored", "dies"])
        .env(SERVER, server.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!child.success());
    let events = events.lock().unwrap();
    let [event] = events.as_slice() else {
        panic!("one event: {events:?}");
    };
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["value"], "last words");
    assert_eq!(event["level"], "fatal");
    let frames = exception["stacktrace"]["frames"].as_array().unwrap();
    let is_here = |frame: &Value| {
        frame["function"]
            .as_str()
            .is_some_and(|it| it.contains("dies"))
    };
    assert!(frames.iter().any(is_here), "{frames:?}");
}

#[test]
#[ignore = "ends its process; another test starts it"]
fn dies() {
    let Ok(server) = env::var(SERVER) else {
        return;
    };
    let _monitor = builder(server).install().unwrap();
    let _ = panic::catch_unwind(|| panic!("last words"));
    // Without a flush, an unwinding or anything else.
    std::process::abort();
}
