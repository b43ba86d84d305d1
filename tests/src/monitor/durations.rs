//! Which time a request's duration is.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use http::{Method, header};
use monitor_layer::{Observe, Outcome, RequestHead, testing::TestMonitor};

use crate::support::{Chunks, send};

/// Keeps each exchange's time to the head and to the end.
#[derive(Clone, Default)]
struct Times(Arc<Mutex<Vec<(Duration, Duration)>>>);

impl Observe for Times {
    type Exchange = ();

    fn start(&self, _: &RequestHead<'_>) {}

    fn end(&self, (): (), outcome: &Outcome<'_>) {
        let start = outcome.response_start.unwrap();
        self.0.lock().unwrap().push((start, outcome.elapsed));
    }
}

/// The time to the head, that to the end, and the one that was measured.
async fn times(content_type: &'static str) -> [f64; 3] {
    let (monitor, times) = (TestMonitor::new("api"), Times::default());
    let app: Router = Router::new()
        .route(
            "/",
            get(async move || {
                let body = Chunks::new().data("data: 1\n\n").data("data: 2\n\n");
                ([(header::CONTENT_TYPE, content_type)], Body::new(body))
            }),
        )
        .layer(monitor.layer().observe(times.clone()));
    send(&app, Method::GET, "/").await;
    let (start, elapsed) = times.0.lock().unwrap()[0];
    assert!(start < elapsed);
    let measured = monitor.metric("http_request_duration_seconds_sum", []);
    [start.as_secs_f64(), elapsed.as_secs_f64(), measured]
}

#[tokio::test]
async fn a_request_lasts_to_the_end_of_its_response() {
    let [_, elapsed, measured] = times("text/plain").await;
    assert_eq!(measured, elapsed);
}

#[tokio::test]
async fn a_stream_lasts_to_its_head() {
    for content_type in ["text/event-stream; charset=utf-8", "application/grpc+proto"] {
        let [start, _, measured] = times(content_type).await;
        assert_eq!(measured, start, "{content_type}");
    }
}
