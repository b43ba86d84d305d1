//! An existing axum router, observed: one layer, put on last.
//!
//! `cargo run --bin wrap-axum`, then `curl -i localhost:3000/hello/you` and `curl localhost:3000/metrics`.

use std::time::Duration;

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use monitor_layer::Monitor;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let monitor = Monitor::builder("hello")
        .version(env!("CARGO_PKG_VERSION"))
        .install()?;

    let existing = Router::new()
        .route("/hello/{name}", get(hello))
        .route("/broken", get(async || StatusCode::BAD_GATEWAY));
    let app = existing.merge(monitor.routes()).layer(monitor.layer());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app)
        .with_graceful_shutdown(monitor.shutdown_requested())
        .await?;
    monitor.shutdown(Duration::from_secs(5)).await;
    Ok(())
}

async fn hello(Path(name): Path<String>) -> String {
    monitor_layer::current().user(name.clone());
    tracing::info!(length = name.len(), "Greeted");
    format!("Hello, {name}!\n")
}
