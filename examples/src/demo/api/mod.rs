//! The HTTP API, and gRPC health beside it.

mod error;
mod events;
mod grpc;
mod input;
mod jobs;
mod shop;
mod subscriptions;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, StatusCode, header},
    routing::{delete, get, post},
};
use monitor_layer::Monitor;
use tower_http::{
    compression::CompressionLayer,
    cors::{Any, CorsLayer},
    timeout::TimeoutLayer,
};

use self::error::ApiError;
use crate::{
    identity::IdentityProvider, queue::Queue, storage::Storage, store::Store,
    subscriptions::Subscriptions,
};

/// Room for a script of 64 KiB however its JSON is escaped.
const LARGEST_BODY: usize = 512 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) identity: IdentityProvider,
    pub(crate) queue: Arc<Queue>,
    pub(crate) subscriptions: Arc<Subscriptions>,
    pub(crate) store: Store,
    pub(crate) storage: Storage,
    pub(crate) monitor: Monitor,
}

impl Api {
    pub(crate) fn router(self) -> Router {
        let monitor = self.monitor.clone();
        Router::new()
            .route("/jobs", post(jobs::create))
            .route("/jobs/{id}", get(jobs::show).delete(jobs::cancel))
            .route("/jobs/{id}/events", get(events::events))
            .route("/jobs/{id}/video", get(jobs::video))
            .route("/signups", post(shop::sign_up))
            .route("/purchases", post(shop::purchase))
            .route("/refunds", post(shop::refund))
            .route("/subscriptions", post(subscriptions::subscribe))
            .route("/subscriptions/{user}", delete(subscriptions::unsubscribe))
            .fallback(async || ApiError::not_found())
            .method_not_allowed_fallback(async || ApiError::method_not_allowed())
            .with_state(self)
            .layer(DefaultBodyLimit::max(LARGEST_BODY))
            .layer(CompressionLayer::new())
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                TIME_LIMIT,
            ))
            .layer(cors())
            .merge(grpc::health(&monitor))
            .merge(monitor.routes())
            // Last, so that all of the above is inside.
            .layer(monitor.layer().request_sizes())
    }
}

/// Lets pages of other origins send a trace along and read the answer's id.
fn cors() -> CorsLayer {
    let [traceparent, tracestate, trace_id] =
        ["traceparent", "tracestate", "x-trace-id"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers([
            header::CONTENT_TYPE,
            traceparent,
            tracestate,
            trace_id.clone(),
        ])
        .expose_headers([trace_id])
}
