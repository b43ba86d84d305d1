//! Streams put their time to the head into the requests' durations, and their life into a histogram of their own.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, extract::ws::WebSocketUpgrade, routing::get};
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use monitor_layer::{Observe, Outcome, RequestHead, Route, testing::TestMonitor};
use tonic::{Code, service::Routes, transport::Endpoint};
use tonic_health::{
    pb::{HealthCheckRequest, health_client::HealthClient},
    server::health_reporter,
};
use tower::{Layer as _, service_fn};

use crate::support::{Chunks, Client, Server, eventually, send};

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

impl Times {
    async fn only(&self) -> (f64, f64) {
        let (start, elapsed) = eventually("the exchange to be over", || {
            self.0.lock().unwrap().first().copied()
        })
        .await;
        (start.as_secs_f64(), elapsed.as_secs_f64())
    }
}

/// One stream of this kind on this route: its life in the one histogram, its time to the head in the other.
async fn assert_measured(monitor: &TestMonitor, times: &Times, route: &str, kind: &str) {
    let (start, elapsed) = times.only().await;
    assert!(start < elapsed, "{start} {elapsed}");
    let stream = [("route", route), ("kind", kind)];
    let life = |suffix| monitor.metric(&format!("http_stream_duration_seconds_{suffix}"), stream);
    assert_eq!((life("count"), life("sum")), (1.0, elapsed));
    assert_eq!(
        monitor.metric("http_stream_duration_seconds_count", []),
        1.0
    );
    let request = [("route", route)];
    let request =
        |suffix| monitor.metric(&format!("http_request_duration_seconds_{suffix}"), request);
    assert_eq!((request("count"), request("sum")), (1.0, start));
    assert_eq!(monitor.metric("http_active_connections", []), 0.0);
}

#[tokio::test]
async fn server_sent_events() {
    let (monitor, times) = (TestMonitor::new("api"), Times::default());
    let events = get(async || {
        let body = Chunks::new().data("data: 1\n\n").data("data: 2\n\n");
        (
            [(header::CONTENT_TYPE, "text/event-stream")],
            Body::new(body),
        )
    });
    let app: Router = Router::new()
        .route("/events/{id}", events)
        .layer(monitor.layer().observe(times.clone()));
    send(&app, Method::GET, "/events/7").await;
    assert_measured(&monitor, &times, "/events/{id}", "sse").await;
}

#[tokio::test]
async fn a_websocket() {
    let (monitor, times) = (TestMonitor::new("api"), Times::default());
    let echo = get(async |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(async |mut socket| {
            while let Some(Ok(message)) = socket.recv().await {
                let _ = socket.send(message).await;
            }
        })
    });
    let app = Router::new()
        .route("/echo", echo)
        .layer(monitor.layer().observe(times.clone()));
    let server = Server::start(app).await;
    let url = format!("ws://{}/echo", server.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    socket.send("one".into()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "one".into());
    assert_eq!(monitor.metric("http_active_connections", []), 1.0);
    assert!(!monitor.has_metric("http_stream_duration_seconds_count", []));
    assert_eq!(monitor.metric("http_requests_total", []), 0.0);
    drop(socket);
    assert_measured(&monitor, &times, "/echo", "websocket").await;
    let upgraded = [("outcome", "upgraded")];
    assert_eq!(monitor.metric("http_request_outcomes_total", upgraded), 1.0);
    assert_eq!(
        monitor.metric("http_requests_total", [("status", "101")]),
        1.0
    );
    // What ends it is no poll of the request's, and its exemplar is the request's all the same.
    let read = super::scrape(&monitor, super::Form::OpenMetrics).await;
    let trace = monitor.lines()[0]["traceId"].as_str().unwrap().to_owned();
    for name in [
        "http_stream_duration_seconds",
        "http_request_duration_seconds",
    ] {
        let bucket = format!("{name}_bucket");
        let mut exemplars = read.exemplars().filter(|(sample, _)| sample.name == bucket);
        let (_, exemplar) = exemplars.next().unwrap();
        assert_eq!(exemplar.labels["trace_id"], trace, "{name}");
    }
}

#[tokio::test]
async fn another_upgrade() {
    let (monitor, times) = (TestMonitor::new("api"), Times::default());
    let service = service_fn(async |mut request: Request<Incoming>| {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move { drop(upgrade.await.unwrap()) });
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let raw = http::HeaderValue::from_static("raw");
        response.headers_mut().insert(header::UPGRADE, raw);
        response.extensions_mut().insert(Route::new("/raw"));
        Ok::<_, Infallible>(response)
    });
    let layer = monitor.layer().observe(times.clone());
    let server = Server::start(layer.layer(service)).await;
    let mut client = Client::connect(server.address).await;
    let request = b"GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: raw\r\n\r\n";
    client.send_raw(request).await;
    client.read_to_close().await;
    assert_measured(&monitor, &times, "/raw", "upgrade").await;
}

const GRPC_ROUTE: &str = "/grpc.health.v1.Health/{*rest}";

/// A tonic service behind the monitor's layer, and tonic's own client of it.
async fn tonic_service(
    monitor: &TestMonitor,
    times: &Times,
) -> (Server, HealthClient<tonic::transport::Channel>) {
    let (_, health) = health_reporter();
    let routes = Routes::new(health).prepare().into_axum_router();
    let server = Server::start(routes.layer(monitor.layer().observe(times.clone()))).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).unwrap();
    (server, HealthClient::new(endpoint.connect().await.unwrap()))
}

fn asking_for(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

fn calls(monitor: &TestMonitor, status: &str) -> f64 {
    let labels = [("route", GRPC_ROUTE), ("grpc_status", status)];
    monitor.metric("grpc_requests_total", labels)
}

#[tokio::test]
async fn a_grpc_call() {
    let (monitor, times) = (TestMonitor::new("api"), Times::default());
    let (_server, mut client) = tonic_service(&monitor, &times).await;
    client.check(asking_for("")).await.unwrap();
    assert_measured(&monitor, &times, GRPC_ROUTE, "grpc").await;
    assert_eq!(calls(&monitor, "OK"), 1.0);
}

#[tokio::test]
async fn grpc_calls_count_by_the_status_that_they_ended_with() {
    let (monitor, times) = (TestMonitor::new("api"), Times::default());
    let (_server, mut client) = tonic_service(&monitor, &times).await;
    for _ in 0..2 {
        client.check(asking_for("")).await.unwrap();
        let refused = client.check(asking_for("nobody")).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
    let mut watch = client.watch(asking_for("")).await.unwrap().into_inner();
    assert!(watch.message().await.unwrap().is_some());
    assert_eq!(calls(&monitor, "CANCELLED"), 0.0);
    drop(watch);
    eventually("the stream to be over", || {
        (calls(&monitor, "CANCELLED") == 1.0).then_some(())
    })
    .await;
    assert_eq!(
        (calls(&monitor, "OK"), calls(&monitor, "NOT_FOUND")),
        (2.0, 2.0)
    );
    assert_eq!(monitor.metric("grpc_requests_total", []), 5.0);
    // All of them were answered as HTTP knows it.
    assert_eq!(
        monitor.metric("http_requests_total", [("status", "200")]),
        5.0
    );
    let streams = [("route", GRPC_ROUTE), ("kind", "grpc")];
    assert_eq!(
        monitor.metric("http_stream_duration_seconds_count", streams),
        5.0
    );
}

#[tokio::test]
async fn what_is_no_stream_makes_no_series_of_streams() {
    let monitor = TestMonitor::new("api");
    let app = super::statuses().layer(monitor.layer()).with_state(());
    send(&app, Method::GET, "/answer/200").await;
    assert!(!monitor.has_metric("http_stream_duration_seconds_count", []));
    assert!(!monitor.has_metric("grpc_requests_total", []));
}
