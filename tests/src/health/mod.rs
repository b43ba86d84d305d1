//! What checks say, when they are asked, and what they cannot do to those who ask.

mod answers;
mod background;
mod bad_days;
mod built_in;
mod refused;
mod states;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use http::Method;
use monitor_layer::{Monitor, testing::TestMonitor};
use serde_json::Value;

use crate::support::{Answer, send};

async fn ask(monitor: &Monitor, method: Method, path: &str) -> Answer {
    send(&monitor.routes::<()>().with_state(()), method, path).await
}

async fn ready(monitor: &Monitor) -> Answer {
    ask(monitor, Method::GET, "/ready").await
}

async fn is_healthy(monitor: &Monitor, check: &str) -> bool {
    let body: Value = serde_json::from_str(&ready(monitor).await.text).unwrap();
    body["checks"][check]["healthy"].as_bool().unwrap()
}

async fn fine() -> io::Result<()> {
    Ok(())
}

/// What stands in the lines of checks: the message, and the text of the key.
fn told(monitor: &TestMonitor, key: &str) -> Vec<String> {
    let lines = monitor.lines();
    let lines = lines.iter().filter(|line| {
        let message = line["message"].as_str().unwrap();
        message.starts_with("Health check")
    });
    lines
        .map(|line| {
            let (message, value) = (&line["message"], &line["metadata"][key]);
            let message = message.as_str().unwrap();
            let message = message.strip_prefix("Health check ").unwrap();
            match value {
                Value::String(text) => format!("{message}: {text}"),
                other => format!("{message}: {other}"),
            }
        })
        .collect()
}

/// Something that is checked, and counts how often.
#[derive(Clone, Default)]
struct Dependency {
    is_down: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Dependency {
    fn set_down(&self, down: bool) {
        self.is_down.store(down, Ordering::Relaxed);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn check(&self) -> impl Fn() -> std::future::Ready<io::Result<()>> + Send + Sync + use<> {
        let dependency = self.clone();
        move || {
            dependency.asked.fetch_add(1, Ordering::Relaxed);
            let down = dependency.is_down.load(Ordering::Relaxed);
            std::future::ready(match down {
                true => Err(io::Error::other("it is down")),
                false => Ok(()),
            })
        }
    }
}
