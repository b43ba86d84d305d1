//! What is spoken on a served connection, and what requests know of it.

use std::{convert::Infallible, time::Duration};

use axum::Router;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, Response};
use hyper::body::Incoming;
use monitor_layer::{Trust, TrustPolicy, testing::TestMonitor};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tower::{Layer as _, service_fn};

use super::served::{LONG, Served};
use crate::support::{Client, eventually};

async fn connect(served: &Served) -> (h2::client::SendRequest<Bytes>, JoinSet<bool>) {
    let stream = TcpStream::connect(served.address).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    let mut driver = JoinSet::new();
    driver.spawn(async move { connection.await.is_ok() });
    (sender.ready().await.unwrap(), driver)
}

fn get(path: &str) -> Request<()> {
    let uri = format!("http://test{path}");
    Request::builder().uri(uri).body(()).unwrap()
}

#[tokio::test]
async fn http_2_is_served_and_told_to_go_when_the_listener_closes() {
    let mut served = Served::start_with(|serve| serve.grace(Duration::ZERO).deadline(LONG)).await;
    let (mut sender, mut driver) = connect(&served).await;
    let (gated, _) = sender.send_request(get("/gated"), true).unwrap();
    served
        .eventually("the request to arrive", || served.active() == 1.0)
        .await;
    served.monitor.request_shutdown();
    served.closed().await;
    served.open_gate();
    let mut body = gated.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "through");
    // The server has said GOAWAY, so that the connection ends well.
    assert!(driver.join_next().await.unwrap().unwrap());
    served.ended().await;
    assert_eq!(served.outcomes("completed"), 1.0);
}

#[tokio::test]
async fn http_2_requests_past_the_deadline_are_each_counted_once() {
    let mut served =
        Served::start_with(|serve| serve.grace(Duration::ZERO).deadline(Duration::ZERO)).await;
    let (mut sender, _driver) = connect(&served).await;
    let mut answers = Vec::new();
    for path in ["/stuck/1", "/stuck/2", "/endless"] {
        let (answer, _) = sender.send_request(get(path), true).unwrap();
        answers.push(answer);
        sender = sender.ready().await.unwrap();
    }
    let endless = answers.pop().unwrap().await.unwrap();
    served
        .eventually("the requests to arrive", || served.active() == 3.0)
        .await;
    served.monitor.request_shutdown();
    served.ended().await;
    drop((answers, endless));
    assert_eq!(served.outcomes("cancelled"), 2.0);
    assert_eq!(served.outcomes("aborted"), 1.0);
    assert_eq!(served.told("Request abandoned").len(), 3);
    assert_eq!(served.active(), 0.0);
}

#[tokio::test]
async fn a_websocket_goes_on_until_the_deadline() {
    let mut served = Served::start_with(|serve| serve.grace(Duration::ZERO).deadline(LONG)).await;
    let url = format!("ws://{}/echo", served.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    served.monitor.request_shutdown();
    served.closed().await;
    for text in ["one", "two"] {
        socket.send(text.into()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), text.into());
    }
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
    drop(socket);
    served.ended().await;
    assert_eq!(served.outcomes("upgraded"), 1.0);
    assert_eq!(served.told("Request abandoned").len(), 0);
}

#[tokio::test]
async fn handlers_know_their_peer() {
    let served = Served::start().await;
    let stream = TcpStream::connect(served.address).await.unwrap();
    let own = stream.local_addr().unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    let _driver = tokio::spawn(connection);
    let (answer, _) = sender.send_request(get("/peer"), true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), own.to_string());
    assert!(served.ask("/peer").await.contains("127.0.0.1:"));
}

#[tokio::test]
async fn any_tower_service_is_served_and_trusts_by_network() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    for (network, is_continued) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        let monitor = TestMonitor::new("api");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let policy =
            TrustPolicy::new(Trust::Ignore).network(network.parse().unwrap(), Trust::Continue);
        let app = monitor
            .layer()
            .trust(policy)
            .layer(service_fn(async |_: Request<Incoming>| {
                Ok::<_, Infallible>(Response::new("here".to_owned()))
            }));
        let serving = tokio::spawn(monitor.serve(listener, app).into_future());
        let mut client = Client::connect(address).await;
        let head = format!(
            "GET / HTTP/1.1\r\nhost: test\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n\r\n"
        );
        client.send_raw(head.as_bytes()).await;
        let answer = client.read_until("here").await;
        assert_eq!(answer.contains(TRACE), is_continued, "{network}: {answer}");
        serving.abort();
    }
}

#[tokio::test]
async fn a_router_within_other_layers_is_served_like_any_service() {
    let monitor = TestMonitor::new("api");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = monitor.layer().layer(Router::new());
    let serving = tokio::spawn(monitor.serve(listener, app).into_future());
    let mut client = Client::connect(address).await;
    client.send("GET /nothing").await;
    client.read_until("404").await;
    eventually("the request to be over", || {
        (monitor.metric("http_requests_total", [("status", "404")]) == 1.0).then_some(())
    })
    .await;
    serving.abort();
}
