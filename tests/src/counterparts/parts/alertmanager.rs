use std::{
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{Folder, Http, program::Running, prometheus::free_address, until};

/// Where `infra/alertmanager.yml` has its secrets.
const SECRETS: &str = "/etc/alertmanager/secrets/";

/// An Alertmanager of its own, without peers.
pub(crate) struct Alertmanager {
    pub(crate) address: SocketAddr,
    _running: Running,
    _folder: Folder,
}

impl Alertmanager {
    /// With this configuration, and these secrets in files of these names, where it looks for them in a folder of the
    /// machine's.
    pub(crate) async fn start(
        binary: &Path,
        configuration: &Value,
        secrets: &[(&str, &str)],
    ) -> Self {
        let folder = Folder::new();
        for (name, secret) in secrets {
            fs::write(folder.join(name), secret).unwrap();
        }
        let here = format!("{}/", folder.join("").display()).replace("//", "/");
        // JSON is YAML.
        let configuration = configuration.to_string().replace(SECRETS, &here);
        fs::write(folder.join("alertmanager.yml"), configuration).unwrap();
        loop {
            let address = free_address();
            if let Some(running) = started(binary, &folder, address).await {
                return Self {
                    address,
                    _running: running,
                    _folder: folder,
                };
            }
        }
    }
}

/// Starts it and waits until it is ready; `None` where somebody else took the port.
async fn started(binary: &Path, folder: &Folder, address: SocketAddr) -> Option<Running> {
    let (log, http) = (folder.join("log"), Http::new());
    let argument = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
    let mut running = Running(
        Command::new(binary)
            .arg(argument("config.file", "alertmanager.yml"))
            .arg(argument("storage.path", "data"))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap(),
    );
    let ready = until("Alertmanager to be ready", async || {
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
    let said = fs::read_to_string(&log).unwrap();
    assert!(said.contains("address already in use"), "{said}");
    None
}
