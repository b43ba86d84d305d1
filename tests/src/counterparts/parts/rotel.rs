use std::{
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
};

use super::{Folder, program::Running, prometheus::free_address, until};

/// An OpenTelemetry collector that sends on what it takes.
pub(crate) struct Rotel {
    /// Where it takes OTLP over HTTP.
    pub(crate) address: SocketAddr,
    _running: Running,
    _folder: Folder,
}

impl Rotel {
    /// Sends on to `sink`, over HTTP as well.
    pub(crate) async fn start(binary: &Path, sink: SocketAddr) -> Self {
        let folder = Folder::new();
        loop {
            let address = free_address();
            if let Some(running) = started(binary, &folder, address, sink).await {
                return Self {
                    address,
                    _running: running,
                    _folder: folder,
                };
            }
        }
    }
}

/// Starts it and waits until it listens; `None` where somebody else took one of its ports.
async fn started(
    binary: &Path,
    folder: &Folder,
    address: SocketAddr,
    sink: SocketAddr,
) -> Option<Running> {
    let log = folder.join("log");
    let mut running = Running(
        Command::new(binary)
            .arg("start")
            .args(["--otlp-http-endpoint", &address.to_string()])
            .args(["--otlp-grpc-endpoint", &free_address().to_string()])
            .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http"])
            .args(["--otlp-exporter-endpoint", &format!("http://{sink}")])
            .arg("--pid-file")
            .arg(folder.join("pid"))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .stderr(File::create(folder.join("errors")).unwrap())
            .spawn()
            .unwrap(),
    );
    let listens = until("rotel to listen", async || {
        if running.0.try_wait().unwrap().is_some() {
            return Ok(false);
        }
        match TcpStream::connect(address) {
            Ok(_) => Ok(true),
            Err(error) => Err(error.to_string()),
        }
    })
    .await;
    if listens {
        return Some(running);
    }
    let said = fs::read_to_string(&log).unwrap();
    let errors = fs::read_to_string(folder.join("errors")).unwrap();
    let taken = [&said, &errors].iter().any(|text| text.contains("in use"));
    assert!(taken, "{said} {errors}");
    None
}
