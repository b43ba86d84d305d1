//! Upgraded connections: the exchange lasts as long as they do.

use axum::{
    Router,
    extract::ws::{Message, WebSocketUpgrade},
    routing::get,
};
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use monitor_layer::{End, ExchangeLayer, StreamKind};
use std::convert::Infallible;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::{Layer as _, service_fn};

use crate::support::{Client, Recorder, Server, eventually};

pub(crate) fn echo() -> Router {
    Router::new().route(
        "/echo",
        get(async |upgrade: WebSocketUpgrade| {
            upgrade.on_upgrade(async |mut socket| {
                while let Some(Ok(message)) = socket.recv().await {
                    if let Message::Text(_) = message {
                        socket.send(message).await.unwrap();
                    }
                }
            })
        }),
    )
}

#[tokio::test]
async fn a_websocket_is_open_until_it_is_closed() {
    let recorder = Recorder::default();
    let server = Server::start(echo().layer(ExchangeLayer::new(recorder.clone()))).await;
    let url = format!("ws://{}/echo", server.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();

    for text in ["one", "two", "three"] {
        socket.send(text.into()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), text.into());
        assert_eq!((recorder.started(), recorder.ended()), (1, vec![]));
    }
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
    drop(socket);

    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.status, record.stream),
        (End::Upgraded, 101, Some(StreamKind::WebSocket))
    );
}

#[tokio::test]
async fn a_websocket_whose_client_vanishes_is_over() {
    let recorder = Recorder::default();
    let server = Server::start(echo().layer(ExchangeLayer::new(recorder.clone()))).await;
    let url = format!("ws://{}/echo", server.address);
    let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    drop(socket);
    assert_eq!(recorder.end().await, End::Upgraded);
}

#[tokio::test]
async fn bytes_of_the_new_protocol_that_came_with_the_request_are_not_lost() {
    let recorder = Recorder::default();
    let service = service_fn(async |mut request: Request<Incoming>| {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut connection = TokioIo::new(upgrade.await.unwrap());
            let mut first = [0; 5];
            connection.read_exact(&mut first).await.unwrap();
            connection.write_all(b"seen:").await.unwrap();
            connection.write_all(&first).await.unwrap();
            connection.shutdown().await.unwrap();
        });
        Ok::<_, Infallible>(switching())
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let mut client = Client::connect(server.address).await;
    client
        .send_raw(
            b"GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: raw\r\n\r\nhello",
        )
        .await;
    client.read_until("seen:hello").await;
    assert_eq!(recorder.end().await, End::Upgraded);
}

#[tokio::test]
async fn an_upgrade_that_nobody_takes_is_over() {
    let recorder = Recorder::default();
    let service = service_fn(async |_: Request<Incoming>| Ok::<_, Infallible>(switching()));
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let mut client = Client::connect(server.address).await;
    client
        .send_raw(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: raw\r\n\r\n")
        .await;
    client.read_until("101").await;
    assert_eq!(recorder.end().await, End::Upgraded);
}

#[tokio::test]
async fn a_refused_upgrade_is_an_exchange_like_any_other() {
    let recorder = Recorder::default();
    let (resolved, seen) = tokio::sync::mpsc::unbounded_channel();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let upgrade = hyper::upgrade::on(&mut request);
        let resolved = resolved.clone();
        tokio::spawn(async move {
            // hyper resolves it when the connection ends, with a connection that is at its end.
            let mut rest = Vec::new();
            if let Ok(connection) = upgrade.await {
                let _ = TokioIo::new(connection).read_to_end(&mut rest).await;
            }
            resolved.send(rest).unwrap();
        });
        let mut response = Response::new(Empty::<bytes::Bytes>::new());
        *response.status_mut() = StatusCode::FORBIDDEN;
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let mut client = Client::connect(server.address).await;
    client
        .send_raw(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: raw\r\n\r\n")
        .await;
    client.read_until("403").await;
    let record = recorder.only().await;
    assert_eq!((record.end, record.status), (End::Completed, 403));
    drop(client);
    let mut seen = seen;
    assert_eq!(seen.recv().await.unwrap(), b"");
    assert_eq!(recorder.ended().len(), 1);
}

#[tokio::test]
async fn a_tunnel_by_connect_is_an_upgrade() {
    let recorder = Recorder::default();
    let service = service_fn(async |mut request: Request<Incoming>| {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut connection = TokioIo::new(upgrade.await.unwrap());
            connection.write_all(b"through").await.unwrap();
            let mut rest = Vec::new();
            let _ = connection.read_to_end(&mut rest).await;
        });
        Ok::<_, Infallible>(Response::new(Empty::<bytes::Bytes>::new()))
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let mut client = Client::connect(server.address).await;
    client.send("CONNECT example.test:443").await;
    client.read_until("through").await;
    eventually("the exchange to be under way", || {
        (recorder.started() == 1).then_some(())
    })
    .await;
    assert_eq!(recorder.ended(), vec![]);
    drop(client);
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.stream),
        (End::Upgraded, Some(StreamKind::Upgrade))
    );
}

fn switching() -> Response<Empty<bytes::Bytes>> {
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "raw")
        .body(Empty::new())
        .unwrap()
}

#[tokio::test]
async fn a_101_that_no_connection_follows_is_an_upgrade_that_is_over() {
    let recorder = Recorder::default();
    let service = ExchangeLayer::new(recorder.clone()).layer(service_fn(async |_: Request<()>| {
        let mut response = Response::new(String::new());
        *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
        Ok::<_, Infallible>(response)
    }));
    let response = tower::ServiceExt::oneshot(service, Request::new(()))
        .await
        .unwrap();
    drop(response);
    assert_eq!(recorder.end().await, End::Upgraded);
}
