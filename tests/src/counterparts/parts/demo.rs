use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Mutex, OnceLock},
    thread::{self, JoinHandle},
};

use serde_json::Value;

use super::{Folder, program::Running, until};

/// The demo with no traffic of its own and every trace sampled.
pub(crate) struct Demo {
    pub(crate) url: String,
    lines: Arc<Mutex<Vec<Value>>>,
    running: Running,
    /// Ends with the demo's output; panics at a line that is not whole.
    reading: Option<JoinHandle<()>>,
    folder: Folder,
}

impl Demo {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these variables in its environment as well.
    pub(crate) async fn start_with(variables: &[(&str, String)]) -> Self {
        let folder = Folder::new();
        let mut child = Command::new(binary())
            .arg("--no-traffic")
            // Nothing of the machine's settings is to reach it.
            .env_clear()
            .env("PORT", "0")
            .env("DATA_DIR", folder.join("data"))
            .env("OTEL_TRACES_SAMPLER_ARG", "1")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let running = Running(child);
        let lines = Arc::<Mutex<Vec<Value>>>::default();
        let written = Arc::clone(&lines);
        let reading = thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap();
                written.lock().unwrap().push(line);
            }
        });
        let url = until("the demo to listen", async || {
            let lines = lines.lock().unwrap();
            let url = lines.iter().find(|line| line["message"] == "Listening");
            let url = url.and_then(|line| line["metadata"]["url"].as_str());
            url.map(str::to_owned).ok_or_else(|| format!("{lines:?}"))
        })
        .await;
        Self {
            url,
            lines,
            running,
            reading: Some(reading),
            folder,
        }
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.running.0.id()
    }

    /// Asks it to stop, as an operator would.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.process_id().to_string();
        let told = Command::new("kill").args(["-s", name, &id]).status();
        assert!(told.unwrap().success());
    }

    /// Where it keeps jobs and videos.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Waits until it has stopped; says whether it did so cleanly.
    pub(crate) async fn stopped(&mut self) -> bool {
        until("the demo to stop", async || {
            let ended = self.running.0.try_wait().unwrap();
            ended.ok_or_else(|| "it runs".to_owned())
        })
        .await
        .success()
    }

    /// All that it has written, once it has stopped. Fails where a line is not whole.
    pub(crate) fn last_lines(&mut self) -> Vec<Value> {
        if let Some(reading) = self.reading.take() {
            reading.join().unwrap();
        }
        self.lines()
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line with this message of a request of this route.
    pub(crate) async fn logged(&self, message: &str, route: &str) {
        until(message, async || {
            let lines = self.lines();
            let is_it =
                |line: &Value| line["message"] == message && line["metadata"]["route"] == route;
            match lines.iter().any(is_it) {
                true => Ok(()),
                false => Err(format!("{lines:?}")),
            }
        })
        .await;
    }

    /// Waits for a line whose message begins like this.
    pub(crate) async fn told(&self, message: &str) {
        until(message, async || {
            let lines = self.lines();
            let is_it = |line: &Value| {
                let told = line["message"].as_str();
                told.is_some_and(|told| told.starts_with(message))
            };
            match lines.iter().any(is_it) {
                true => Ok(()),
                false => Err(format!("{lines:?}")),
            }
        })
        .await;
    }

    /// The requests that are over so far, as the log tells them.
    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        self.lines()
            .iter()
            .filter(|line| line["message"] == "Request completed")
            .map(LoggedRequest::of)
            .collect()
    }
}

/// A request that is over.
#[derive(Clone, Debug)]
pub(crate) struct LoggedRequest {
    pub(crate) method: String,
    pub(crate) route: String,
    pub(crate) status: String,
    /// To the microsecond, cut off.
    pub(crate) seconds: f64,
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
}

impl LoggedRequest {
    /// What a line `Request completed` tells.
    pub(crate) fn of(line: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let metadata = &line["metadata"];
        Self {
            method: text(&metadata["method"]),
            route: text(&metadata["route"]),
            status: metadata["status"].to_string(),
            seconds: metadata["durationMs"].as_f64().unwrap() / 1e3,
            trace_id: text(&line["traceId"]),
            span_id: text(&line["spanId"]),
        }
    }

    /// Whether it took this long, for all that the log shows: of a stream it has the whole life, where metrics have the
    /// time to the head.
    pub(crate) fn took(&self, seconds: f64) -> bool {
        let more = seconds - self.seconds;
        let is_stream = self.route.ends_with("/events") || self.route.starts_with("/grpc.");
        (more >= -1e-9 || is_stream) && more < 1e-6 + 1e-9
    }
}

/// Cargo names the binaries of the package under test alone, so the demo's is asked for.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args([
                "build",
                "--locked",
                "--package",
                "examples",
                "--bin",
                "demo",
            ])
            .arg("--message-format=json-render-diagnostics")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "the demo is not built");
        let messages = String::from_utf8(output.stdout).unwrap();
        let executable = messages
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|message| message["target"]["name"] == "demo")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from));
        executable.unwrap()
    })
}
