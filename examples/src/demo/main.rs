//! The demo: an HTTP API and a worker in one process that turn scripts into animated GIFs.
//!
//! `cargo run`, then see the README. `--no-traffic` leaves it to you to make requests. Ctrl-C stops it as a deployment
//! would; a second one cuts its grace time short.

mod api;
mod identity;
mod niche;
mod pipeline;
mod plan;
mod queue;
mod settings;
mod storage;
mod store;
mod subscriptions;
mod traffic;
mod worker;

use std::{error::Error, io::Write as _, process::ExitCode, sync::Arc, time::Duration};

use monitor_layer::{HealthCheck, HttpMetrics, Monitor};
use tokio::net::TcpListener;

use crate::{
    api::Api, identity::IdentityProvider, pipeline::PipelineError, queue::Queue,
    settings::Settings, storage::Storage, store::Store, subscriptions::Subscriptions,
    traffic::Traffic, worker::Worker,
};

/// For assets and videos; with less the demo goes on, and is to be looked at.
const DISK_SPACE: u64 = 64 << 20;
/// For the last lines to be written.
const FLUSH: Duration = Duration::from_secs(3);
const QUEUE_SAMPLES: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With nowhere left to write there is nothing left to say.
            let _ = writeln!(std::io::stderr(), "demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read(std::env::args().skip(1), |name| std::env::var_os(name))?;
    let storage = Storage::open(&settings.data_dir).await?;
    let store = Store::open(&settings.data_dir.join("jobs.db")).await?;

    let (checked_store, checked_storage) = (store.clone(), storage.clone());
    let counted_store = store.clone();
    let monitor = Monitor::builder("api")
        .version(env!("CARGO_PKG_VERSION"))
        .http_metrics(HttpMetrics::builder().response_sizes().response_start())
        .categorize::<PipelineError>()
        .alert_on_panics()
        .alert_on_failed_start()
        .sample_queue(QUEUE_SAMPLES, move || {
            let store = counted_store.clone();
            async move { store.counts().await }
        })
        .check("database", move || {
            let store = checked_store.clone();
            async move { store.check().await }
        })
        .check("storage", move || {
            let storage = checked_storage.clone();
            async move { storage.check().await }
        })
        .check(
            "disk",
            HealthCheck::disk_space(&settings.data_dir, DISK_SPACE).optional(),
        )
        .install()?;

    let listener = TcpListener::bind((settings.host, settings.port))
        .await
        .map_err(|error| {
            format!(
                "{}:{} cannot be listened at: {error}; set HOST and PORT, 0 picks a free port",
                settings.host, settings.port
            )
        })?;
    let address = listener.local_addr()?;
    let url = format!("http://{address}");
    tracing::info!(url, data_dir = %settings.data_dir.display(), "Listening");

    let (queue, jobs) = Queue::new(store.clone(), monitor.worker("worker"));
    queue.requeue_unfinished().await?;
    let subscriptions = Subscriptions::new(store.clone(), monitor.clone());
    subscriptions.report().await;
    let worker = Worker {
        monitor: monitor.worker("worker"),
        store: store.clone(),
        storage: storage.clone(),
        queue: Arc::clone(&queue),
    };
    let working = tokio::spawn(worker.work(jobs));
    let traffic = settings.traffic.then(|| Traffic::start(address));

    let api = Api {
        identity: IdentityProvider::start(&monitor).await?,
        queue,
        subscriptions,
        store,
        storage,
        monitor: monitor.clone(),
    };
    monitor
        .serve(listener, api.router())
        .grace(settings.grace)
        .deadline(settings.deadline)
        .await?;
    drop(traffic);
    working.await?;
    // What the worker has told since.
    monitor.shutdown(FLUSH).await;
    Ok(())
}
