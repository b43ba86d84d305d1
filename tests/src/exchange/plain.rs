//! A plain hyper service, without a router, behind the layer.

use std::convert::Infallible;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use monitor_layer::{End, ExchangeLayer, HttpMetrics, Route};
use prometheus::{Registry, TextEncoder};
use tower::{Layer as _, service_fn};

use crate::support::{Client, Recorder, Server, eventually};

/// Names its routes by the response.
async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let mut response = Response::new("a job".to_owned());
    match request.uri().path().strip_prefix("/jobs/") {
        Some(_) => {
            response.extensions_mut().insert(Route::new("/jobs/{id}"));
        }
        None => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    Ok(response)
}

#[tokio::test]
async fn its_route_is_the_one_that_its_response_names() {
    let recorder = Recorder::default();
    let server =
        Server::start(ExchangeLayer::new(recorder.clone()).layer(service_fn(answer))).await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /jobs/7").await;
    client.read_until("a job").await;
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.route.as_deref()),
        (End::Completed, Some("/jobs/{id}"))
    );
}

#[tokio::test]
async fn its_metrics_go_to_a_registry_of_its_own() {
    let registry = Registry::new();
    let metrics = HttpMetrics::builder().register(&registry).unwrap();
    let server = Server::start(ExchangeLayer::new(metrics).layer(service_fn(answer))).await;
    let mut client = Client::connect(server.address).await;
    for path in ["/jobs/7", "/jobs/8", "/elsewhere"] {
        client.send(&format!("GET {path}")).await;
        client.read_until("a job").await;
    }
    let lines = [
        r#"http_requests_total{method="GET",route="/jobs/{id}",status="200"} 2"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
        "http_requests_started_total 3",
        r#"http_request_outcomes_total{outcome="completed"} 3"#,
        "http_active_connections 0",
    ];
    eventually("the exchanges to be counted", || {
        let text = TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        let all = lines
            .iter()
            .all(|line| text.lines().any(|found| found == *line));
        all.then_some(())
    })
    .await;
}
