//! A tonic service behind the layer, called by tonic's own client.

use std::net::SocketAddr;

use axum::Router;
use monitor_layer::{End, ExchangeLayer, GrpcStatus, RouteLayer, StreamKind, testing::TestMonitor};
use tokio::{net::TcpListener, task::JoinSet};
use tonic::{
    Code,
    service::Routes,
    transport::{Channel, Endpoint, server::TcpIncoming},
};
use tonic_health::{
    pb::{HealthCheckRequest, health_client::HealthClient},
    server::health_reporter,
};

use crate::support::{Record, Recorder, Server};

const ROUTE: &str = "/grpc.health.v1.Health/{*rest}";

fn routes() -> Router {
    let (_, health) = health_reporter();
    Routes::new(health).prepare().into_axum_router()
}

async fn client(address: SocketAddr) -> HealthClient<Channel> {
    let server = Endpoint::from_shared(format!("http://{address}")).unwrap();
    HealthClient::new(server.connect().await.unwrap())
}

/// The service named `""` is the server as a whole, which is always known.
fn asking_for(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

fn assert_told(record: &Record, end: End, status: GrpcStatus) {
    assert_eq!(record.end, end);
    assert_eq!(record.grpc_status, Some(status));
    assert_eq!(record.stream, Some(StreamKind::Grpc));
    assert_eq!(record.route.as_deref(), Some(ROUTE));
}

#[tokio::test]
async fn a_call_that_is_answered_is_ok() {
    let recorder = Recorder::default();
    let server = Server::start(routes().layer(ExchangeLayer::new(recorder.clone()))).await;
    client(server.address)
        .await
        .check(asking_for(""))
        .await
        .unwrap();
    assert_told(&recorder.only().await, End::Completed, GrpcStatus::Ok);
}

#[tokio::test]
async fn a_call_that_is_refused_has_the_status_that_its_client_sees() {
    let recorder = Recorder::default();
    let server = Server::start(routes().layer(ExchangeLayer::new(recorder.clone()))).await;
    let refused = client(server.address)
        .await
        .check(asking_for("nobody"))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    assert_told(&recorder.only().await, End::Completed, GrpcStatus::NotFound);
}

#[tokio::test]
async fn a_stream_that_its_client_leaves_is_cancelled() {
    let recorder = Recorder::default();
    let server = Server::start(routes().layer(ExchangeLayer::new(recorder.clone()))).await;
    let mut client = client(server.address).await;
    let mut watch = client.watch(asking_for("")).await.unwrap().into_inner();
    assert!(watch.message().await.unwrap().is_some());
    assert_eq!((recorder.started(), recorder.ended()), (1, vec![]));
    drop(watch);
    assert_told(&recorder.only().await, End::Aborted, GrpcStatus::Cancelled);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unimplemented_and_unmatched() {
    let recorder = Recorder::default();
    let app = Routes::default().prepare().into_axum_router();
    let server = Server::start(app.layer(ExchangeLayer::new(recorder.clone()))).await;
    let refused = client(server.address).await.check(asking_for("")).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unimplemented);
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.grpc_status, record.route),
        (End::Completed, Some(GrpcStatus::Unimplemented), None)
    );
}

#[tokio::test]
async fn a_layer_around_the_server_learns_the_route_from_a_route_layer() {
    let recorder = Recorder::default();
    let monitor = TestMonitor::new("api");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tonic::transport::Server::builder()
        .layer(monitor.layer().observe(recorder.clone()))
        .add_routes(Routes::from(routes().route_layer(RouteLayer::new())))
        .serve_with_incoming(TcpIncoming::from(listener));
    let mut server = JoinSet::new();
    server.spawn(async move { serving.await.unwrap() });
    let answered = client(address).await.check(asking_for("")).await;
    answered.unwrap();
    assert_told(&recorder.only().await, End::Completed, GrpcStatus::Ok);
}
