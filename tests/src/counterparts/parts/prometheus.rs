use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{Folder, Http, program::Running, until};
use crate::exposition::Labels;

/// What a Prometheus server scrapes, every second.
pub(crate) struct Job {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) path: &'static str,
}

/// A Prometheus server that reads native histograms and keeps exemplars.
pub(crate) struct Prometheus {
    http: Http,
    address: SocketAddr,
    log: PathBuf,
    _running: Running,
    _folder: Folder,
}

impl Prometheus {
    pub(crate) async fn start(binary: &Path, jobs: &[Job]) -> Self {
        let configuration = json!({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": jobs.iter().map(|job| json!({
                "job_name": job.name,
                "metrics_path": job.path,
                "static_configs": [{"targets": [job.address.to_string()]}],
            })).collect::<Vec<_>>(),
        });
        Self::start_with(binary, &configuration, "native-histograms,exemplar-storage").await
    }

    /// With this configuration and these of its features.
    pub(crate) async fn start_with(binary: &Path, configuration: &Value, features: &str) -> Self {
        let folder = Folder::new();
        // JSON is YAML.
        fs::write(folder.join("prometheus.yml"), configuration.to_string()).unwrap();
        let http = Http::new();
        let log = folder.join("log");
        let (address, running) = loop {
            let address = free_address();
            if let Some(running) = started(binary, &folder, &log, features, address).await {
                break (address, running);
            }
        };
        Self {
            http,
            address,
            log,
            _running: running,
            _folder: folder,
        }
    }

    /// The answer to an instant query, by labels.
    pub(crate) async fn query(&self, query: &str) -> Result<BTreeMap<Labels, f64>, String> {
        let data = self.ask("query", query).await?;
        let result = data["result"].as_array().ok_or("no result")?;
        let series = result.iter().map(|series| {
            let value = series["value"][1].as_str().ok_or("a value that is none")?;
            let value = value.parse().map_err(|_| format!("{value} is no number"))?;
            Ok((labels(&series["metric"]), value))
        });
        series.collect()
    }

    /// The one number that is the answer to an instant query.
    pub(crate) async fn number(&self, query: &str) -> Result<f64, String> {
        let answer = self.query(query).await?;
        match answer.values().collect::<Vec<_>>()[..] {
            [number] => Ok(*number),
            _ => Err(format!("{query}: {answer:?}")),
        }
    }

    /// The exemplars of the series that a query selects: labels and value of each.
    pub(crate) async fn exemplars(&self, query: &str) -> Result<Vec<(Labels, f64)>, String> {
        let data = self.ask("query_exemplars", query).await?;
        let series = data.as_array().ok_or("no result")?;
        let exemplars = series
            .iter()
            .flat_map(|series| series["exemplars"].as_array());
        let exemplars = exemplars.flatten().map(|exemplar| {
            let value = exemplar["value"].as_str().unwrap();
            (labels(&exemplar["labels"]), value.parse().unwrap())
        });
        Ok(exemplars.collect())
    }

    /// What the server says of samples that it could not take.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap();
        let is_complaint = |line: &&str| line.contains("ingesting") && line.contains("samples");
        log.lines()
            .filter(is_complaint)
            .map(str::to_owned)
            .collect()
    }

    /// The last error of each target that has one.
    pub(crate) async fn scrape_errors(&self) -> Result<Vec<String>, String> {
        let data = self.ask("targets", "").await?;
        let targets = data["activeTargets"].as_array().ok_or("no targets")?;
        let errors = targets
            .iter()
            .filter_map(|target| target["lastError"].as_str());
        Ok(errors
            .filter(|error| !error.is_empty())
            .map(str::to_owned)
            .collect())
    }

    async fn ask(&self, what: &str, query: &str) -> Result<Value, String> {
        let (address, query) = (self.address, percent_encoded(query));
        // The times bound a search for exemplars; other questions do not look at them.
        let url = format!("http://{address}/api/v1/{what}?query={query}&start=0&end=9999999999");
        let mut answer = self.http.get(&url).await?.json();
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"].take()),
            _ => Err(answer.to_string()),
        }
    }
}

/// Starts the server and waits until it is ready; `None` where somebody else took the port.
async fn started(
    binary: &Path,
    folder: &Folder,
    log: &Path,
    features: &str,
    address: SocketAddr,
) -> Option<Running> {
    let http = Http::new();
    let mut running = Running(
        Command::new(binary)
            .arg(format!(
                "--config.file={}",
                folder.join("prometheus.yml").display()
            ))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg(format!("--enable-feature={features}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log).unwrap())
            .spawn()
            .unwrap(),
    );
    let ready = until("Prometheus to be ready", async || {
        if running.0.try_wait().unwrap().is_some() {
            return Ok(false);
        }
        let answer = http.get(&format!("http://{address}/-/ready")).await?;
        match answer.status.is_success() {
            true => Ok(true),
            false => Err(answer.status.to_string()),
        }
    })
    .await;
    if ready {
        return Some(running);
    }
    let said = fs::read_to_string(log).unwrap();
    assert!(said.contains("address already in use"), "{said}");
    None
}

/// One that is free now.
pub(super) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn labels(object: &Value) -> Labels {
    let pairs = object.as_object().unwrap().iter();
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
