//! Which kind of stream a response is.

use std::convert::Infallible;

use http::{Request, Response, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use monitor_layer::{ExchangeLayer, StreamKind};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::{Client, Recorder, Server, eventually};

/// The kind of an answer with these headers, to a request that was called without a socket.
async fn kind_of(headers: &[(header::HeaderName, &'static str)]) -> Option<StreamKind> {
    let recorder = Recorder::default();
    let service = ExchangeLayer::new(recorder.clone()).layer(service_fn(async |_: Request<()>| {
        let mut response = Response::new(String::new());
        for (name, value) in headers {
            let value = http::HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        Ok::<_, Infallible>(response)
    }));
    drop(service.oneshot(Request::new(())).await.unwrap());
    recorder.only().await.stream
}

/// The kind of a 101 that says this to a client that asks for that.
async fn kind_of_upgrade(said: Option<&'static str>, asked: &str) -> StreamKind {
    let recorder = Recorder::default();
    let service = service_fn(move |_: Request<Incoming>| {
        let mut response = Response::new(String::new());
        *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
        if let Some(said) = said {
            let value = http::HeaderValue::from_static(said);
            response.headers_mut().insert(header::UPGRADE, value);
        }
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let mut client = Client::connect(server.address).await;
    let request =
        format!("GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: {asked}\r\n\r\n");
    client.send_raw(request.as_bytes()).await;
    recorder.only().await.stream.unwrap()
}

#[tokio::test]
async fn a_stream_is_told_by_its_content_type() {
    let content = async |value| kind_of(&[(header::CONTENT_TYPE, value)]).await;
    for events in [
        "text/event-stream",
        "Text/Event-Stream; charset=utf-8",
        "TEXT/EVENT-STREAM",
    ] {
        assert_eq!(content(events).await, Some(StreamKind::ServerSentEvents));
    }
    for grpc in [
        "application/grpc",
        "application/grpc+proto",
        "APPLICATION/GRPC",
    ] {
        assert_eq!(content(grpc).await, Some(StreamKind::Grpc));
    }
    // The last two are like those where they are told apart.
    for other in [
        "application/json",
        "text",
        "text/x-any-stream",
        "application/gzip",
    ] {
        assert_eq!(content(other).await, None);
    }
    assert_eq!(kind_of(&[]).await, None);
}

#[tokio::test]
async fn an_upgrade_header_without_an_upgrade_is_no_stream() {
    assert_eq!(kind_of(&[(header::UPGRADE, "websocket")]).await, None);
}

#[tokio::test]
async fn an_upgrade_is_what_the_response_says() {
    for said in ["websocket", "WebSocket", "websocket/13, other"] {
        assert_eq!(
            kind_of_upgrade(Some(said), "other").await,
            StreamKind::WebSocket
        );
    }
    assert_eq!(
        kind_of_upgrade(Some("other"), "websocket").await,
        StreamKind::Upgrade
    );
}

#[tokio::test]
async fn an_upgrade_whose_response_says_nothing_is_what_was_asked_for() {
    assert_eq!(
        kind_of_upgrade(None, "WebSocket").await,
        StreamKind::WebSocket
    );
    assert_eq!(kind_of_upgrade(None, "other").await, StreamKind::Upgrade);
}

/// Serves HTTP/2 with RFC 8441's extended CONNECT on, and gives the kind of one such request.
async fn kind_of_extended_connect(protocol: &'static str, version: Option<&str>) -> StreamKind {
    let recorder = Recorder::default();
    let service = ExchangeLayer::new(recorder.clone()).layer(service_fn(
        async |mut request: Request<Incoming>| {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move { drop(upgrade.await.unwrap()) });
            Ok::<_, Infallible>(Response::new(Empty::<bytes::Bytes>::new()))
        },
    ));
    let (client, server) = tokio::io::duplex(64 * 1024);
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .enable_connect_protocol()
            .serve_connection(TokioIo::new(server), TowerToHyperService::new(service))
            .await;
    });
    let (sender, connection) = h2::client::handshake(client).await.unwrap();
    tasks.spawn(async move {
        let _ = connection.await;
    });
    let mut sender = sender.ready().await.unwrap();
    eventually("the server to allow extended CONNECT", || {
        sender.is_extended_connect_protocol_enabled().then_some(())
    })
    .await;
    let mut request = Request::builder()
        .method("CONNECT")
        .uri("http://test/chat")
        .extension(h2::ext::Protocol::from_static(protocol));
    if let Some(version) = version {
        request = request.header(header::SEC_WEBSOCKET_VERSION, version);
    }
    let (response, _stream) = sender
        .send_request(request.body(()).unwrap(), false)
        .unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    recorder.only().await.stream.unwrap()
}

#[tokio::test]
async fn a_websocket_over_http_2_is_one() {
    let websocket = kind_of_extended_connect("websocket", Some("13")).await;
    assert_eq!(websocket, StreamKind::WebSocket);
    let other = kind_of_extended_connect("connect-udp", None).await;
    assert_eq!(other, StreamKind::Upgrade);
}

#[test]
fn kinds_have_the_values_of_their_label() {
    let values = StreamKind::ALL.map(StreamKind::as_str);
    assert_eq!(values, ["sse", "websocket", "upgrade", "grpc"]);
}
