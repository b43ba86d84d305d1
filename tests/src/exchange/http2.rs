//! HTTP/2: trailers, resets and many exchanges on one connection.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use monitor_layer::{End, ExchangeLayer};
use tokio::{net::TcpStream, sync::Notify, task::JoinSet};
use tower::{Layer as _, service_fn};

use crate::support::{Chunks, Recorder, Server};

type Connection = h2::client::SendRequest<Bytes>;

async fn connect(server: &Server) -> (Connection, JoinSet<()>) {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        let _ = connection.await;
    });
    (sender.ready().await.unwrap(), driver)
}

fn get() -> Request<()> {
    Request::builder().uri("http://test/").body(()).unwrap()
}

#[tokio::test]
async fn a_stream_with_trailers_is_completed() {
    let recorder = Recorder::default();
    let service = service_fn(async |_: Request<Incoming>| {
        let body = Chunks::new()
            .data("one")
            .data("two")
            .trailer("grpc-status", "0");
        Ok::<_, Infallible>(Response::new(body))
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let (mut sender, _driver) = connect(&server).await;
    let (response, _) = sender.send_request(get(), true).unwrap();
    let mut body = response.await.unwrap().into_body();
    while let Some(data) = body.data().await {
        let length = data.unwrap().len();
        body.flow_control().release_capacity(length).unwrap();
    }
    let trailers = body.trailers().await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "0");
    let record = recorder.only().await;
    assert_eq!((record.end, record.response_bytes), (End::Completed, 6));
}

#[tokio::test]
async fn a_reset_before_the_head_is_counted_as_cancelled() {
    let recorder = Recorder::default();
    let arrived = Arc::new(Notify::new());
    let told = Arc::clone(&arrived);
    let service = service_fn(move |_: Request<Incoming>| {
        told.notify_one();
        std::future::pending::<Result<Response<Chunks>, Infallible>>()
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let (mut sender, _driver) = connect(&server).await;
    let (_response, mut stream) = sender.send_request(get(), false).unwrap();
    arrived.notified().await;
    stream.send_reset(h2::Reason::CANCEL);
    assert_eq!(recorder.end().await, End::Cancelled);
}

#[tokio::test]
async fn a_reset_mid_body_is_counted_as_aborted_and_leaves_the_connection_be() {
    let recorder = Recorder::default();
    let service = service_fn(async |_: Request<Incoming>| {
        Ok::<_, Infallible>(Response::new(Chunks::new().data("first").forever()))
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let (mut sender, _driver) = connect(&server).await;
    let (response, mut stream) = sender.send_request(get(), false).unwrap();
    let mut body = response.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "first");
    stream.send_reset(h2::Reason::CANCEL);
    assert_eq!(recorder.end().await, End::Aborted);

    let mut sender = sender.ready().await.unwrap();
    let (response, _) = sender.send_request(get(), true).unwrap();
    response.await.unwrap();
    assert_eq!(recorder.started(), 2);
}
