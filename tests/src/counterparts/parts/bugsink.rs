use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;

use super::{
    Folder, Http,
    program::{INSTALLED, Running, absent, program},
    until,
};

/// Bugsink, a server that takes what Sentry takes.
pub(crate) struct Bugsink {
    pub(crate) dsn: String,
    url: String,
    token: String,
    project: String,
    http: Http,
    _running: Running,
    _folder: Folder,
}

impl Bugsink {
    /// With an empty project; `None` where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let python = program("python3")?;
        let installed = Path::new(INSTALLED).join("bugsink");
        // A folder of its own: it brings other versions of what others bring.
        if !installed.is_dir() {
            absent("bugsink");
            return None;
        }
        let folder = Folder::new();
        let errors = folder.join("errors");
        let mut child = Command::new(python)
            .env("PYTHONPATH", installed)
            // No `__pycache__` among the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .arg(script())
            .arg(folder.join(""))
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        // It says where it listens once its database is made, or ends.
        let mut said = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut said).unwrap();
        let running = Running(child);
        let Ok(said) = serde_json::from_str::<Value>(&said) else {
            panic!(
                "Bugsink did not start: {}",
                fs::read_to_string(errors).unwrap()
            );
        };
        let text = |key: &str| said[key].as_str().unwrap().to_owned();
        Some(Self {
            dsn: text("dsn"),
            url: text("url"),
            token: text("token"),
            project: said["project"].to_string(),
            http: Http::new(),
            _running: running,
            _folder: folder,
        })
    }

    /// Waits until it has so many events; each as it came in.
    pub(crate) async fn events(&self, count: usize) -> Vec<Value> {
        until("the events to come through", async || {
            let issues = self
                .get(&format!("issues/?project={}", self.project))
                .await?;
            let mut events = Vec::new();
            for issue in results(&issues) {
                let id = issue["id"].as_str().unwrap();
                let listed = self.get(&format!("events/?issue={id}")).await?;
                for event in results(&listed) {
                    let id = event["id"].as_str().unwrap();
                    events.push(self.get(&format!("events/{id}/")).await?["data"].clone());
                }
            }
            match events.len() >= count {
                true => Ok(events),
                false => Err(format!("{} of them: {events:?}", events.len())),
            }
        })
        .await
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        let request = Request::get(format!("{}/api/canonical/0/{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .body(Full::default().boxed_unsync());
        let sent = self.http.send(request.unwrap());
        let answer = tokio::time::timeout(Duration::from_secs(20), sent).await;
        let answer = answer.map_err(|_| "no answer".to_owned())??;
        match answer.status.is_success() {
            true => Ok(answer.json()),
            false => Err(format!("{answer:?}")),
        }
    }
}

fn results(list: &Value) -> &[Value] {
    list["results"].as_array().unwrap()
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/counterparts/parts/serve_errors.py")
}
