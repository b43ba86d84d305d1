//! The standard gRPC health service, beside the HTTP API on the same port.

use std::{convert::Infallible, time::Duration};

use axum::{Router, http::Request};
use monitor_layer::Monitor;
use tonic::service::Routes;
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::ServiceExt as _;

const PAUSE: Duration = Duration::from_secs(5);
/// The service as a whole.
const WHOLE: &str = "";

/// The health service, whose status follows the readiness of the demo.
pub(super) fn health(monitor: &Monitor) -> Router {
    let (reporter, service) = tonic_health::server::health_reporter();
    tokio::spawn(follow(monitor.clone(), reporter));
    // Of two fallbacks in one router, ours is to stay.
    Routes::new(service).into_axum_router().reset_fallback()
}

/// Tells the health service what `/ready` says, until the demo stops.
async fn follow(monitor: Monitor, mut reporter: HealthReporter) {
    let following = async {
        let mut told = None;
        loop {
            let status = readiness(&monitor).await;
            if told != Some(status) {
                reporter.set_service_status(WHOLE, status).await;
                told = Some(status);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = following => {}
        () = monitor.shutdown_requested() => {}
    }
    reporter
        .set_service_status(WHOLE, ServingStatus::NotServing)
        .await;
    // Ends the streams of those who watch, for which the server would wait.
    reporter.clear_service_status(WHOLE).await;
}

async fn readiness(monitor: &Monitor) -> ServingStatus {
    let mut request = Request::new(());
    *request.uri_mut() = http::Uri::from_static("/ready");
    let answered: Result<_, Infallible> = monitor.endpoints().oneshot(request).await;
    match answered {
        Ok(response) if response.status().is_success() => ServingStatus::Serving,
        _ => ServingStatus::NotServing,
    }
}
