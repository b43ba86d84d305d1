//! Requests and jobs as Sentry sessions.

use std::{io, time::Duration};

use axum::{Router, routing::get};
use futures_util::FutureExt as _;
use http::{Method, StatusCode};
use monitor_layer::{MonitorBuilder, testing::TestMonitor};
use serde_json::json;

use super::sentry::{ingest, items};
use crate::support::send;

/// What is told of 3 requests and 3 jobs of which each ended another way.
async fn told(configure: impl FnOnce(MonitorBuilder) -> MonitorBuilder) -> Vec<serde_json::Value> {
    let (server, envelopes) = ingest().await;
    let dsn = format!("http://key@{}/42", server.address);
    let monitor = TestMonitor::build("api", |builder| {
        configure(builder.sentry_dsn(dsn).sentry_traces_sample_rate(0.0))
    })
    .unwrap();
    let app: Router = Router::new()
        .route("/fine", get(async || StatusCode::NOT_FOUND))
        .route("/fails", get(async || StatusCode::BAD_GATEWAY))
        .route(
            "/panics",
            get(async || {
                if true {
                    panic!("broken")
                }
            }),
        )
        .layer(monitor.layer());
    for path in ["/fine", "/fine", "/fails", "/panics"] {
        send(&app, Method::GET, path).await;
    }
    let job = || monitor.job("job-1");
    job().run(async { Ok::<_, io::Error>(()) }).await.unwrap();
    let _ = job()
        .run(async { Err::<(), _>(io::Error::other("no disk")) })
        .await;
    let panics = job().run(async {
        if true {
            panic!("broken")
        }
        Ok::<_, io::Error>(())
    });
    let _ = std::panic::AssertUnwindSafe(panics).catch_unwind().await;
    monitor.shutdown(Duration::from_secs(20)).await;
    let mut items = items(&envelopes);
    items.retain(|item| item["aggregates"].is_array());
    items
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_jobs_are_summed_up_by_how_they_ended() {
    let [mut told] = told(|builder| builder.version("1.2.3"))
        .await
        .try_into()
        .unwrap();
    assert!(told["aggregates"][0]["started"].take().is_string());
    assert_eq!(
        told["aggregates"],
        json!([{"started": null, "exited": 3, "errored": 2, "crashed": 2}])
    );
    assert_eq!(
        told["attrs"],
        json!({"release": "1.2.3", "environment": "test"})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_release_or_where_they_are_not_wanted_there_are_none() {
    assert!(told(|builder| builder).await.is_empty());
    assert!(
        told(|builder| builder.version("1.2.3").sentry_sessions(false))
            .await
            .is_empty()
    );
}
