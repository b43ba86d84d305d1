//! When a real server drops a response's body, and what that means.

use std::convert::Infallible;

use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Empty, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use monitor_layer::{End, ExchangeLayer, StreamKind};
use tower::{Layer as _, service_fn};

use crate::support::{Chunks, Client, Recorder, Server};

type AnyBody = UnsyncBoxBody<bytes::Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Serves one answer to everything.
async fn serve(
    answer: impl Fn() -> Response<AnyBody> + Clone + Send + 'static,
) -> (Server, Recorder) {
    let recorder = Recorder::default();
    let service =
        service_fn(move |_: Request<Incoming>| std::future::ready(Ok::<_, Infallible>(answer())));
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    (server, recorder)
}

fn fixed(text: &'static str) -> AnyBody {
    Full::from(text)
        .map_err(|never| match never {})
        .boxed_unsync()
}

fn empty() -> AnyBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn with_length(body: Chunks, length: u64) -> Response<AnyBody> {
    Response::builder()
        .header(header::CONTENT_LENGTH, length)
        .body(body.boxed_unsync())
        .unwrap()
}

#[tokio::test]
async fn a_fixed_body_is_completed() {
    let (server, recorder) = serve(|| Response::new(fixed("hello"))).await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("hello").await;
    let record = recorder.only().await;
    assert_eq!((record.end, record.response_bytes), (End::Completed, 5));
}

#[tokio::test]
async fn an_empty_body_is_completed() {
    let (server, recorder) = serve(|| Response::new(empty())).await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("\r\n\r\n").await;
    assert_eq!(recorder.end().await, End::Completed);
}

#[tokio::test]
async fn an_answer_to_head_is_completed_though_its_body_is_never_read() {
    let (server, recorder) = serve(|| Response::new(fixed("hello"))).await;
    let mut client = Client::connect(server.address).await;
    client.send("HEAD /").await;
    client.read_until("content-length: 5").await;
    let record = recorder.only().await;
    assert_eq!((record.end, record.response_bytes), (End::Completed, 0));
}

#[tokio::test]
async fn an_answer_to_head_is_completed_for_a_stream_too() {
    let (server, recorder) =
        serve(|| with_length(Chunks::new().data("abc").data("def").forever(), 6)).await;
    let mut client = Client::connect(server.address).await;
    client.send("HEAD /").await;
    client.read_until("content-length: 6").await;
    assert_eq!(recorder.end().await, End::Completed);
}

#[tokio::test]
async fn a_204_is_completed() {
    let (server, recorder) = serve(|| {
        Response::builder()
            .status(204)
            .body(Chunks::new().forever().boxed_unsync())
            .unwrap()
    })
    .await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("204").await;
    assert_eq!(recorder.end().await, End::Completed);
}

#[tokio::test]
async fn a_304_is_completed() {
    let (server, recorder) = serve(|| {
        Response::builder()
            .status(304)
            .body(Chunks::new().forever().boxed_unsync())
            .unwrap()
    })
    .await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("304").await;
    assert_eq!(recorder.end().await, End::Completed);
}

#[tokio::test]
async fn a_chunked_stream_is_completed() {
    let (server, recorder) = serve(|| {
        Response::new(
            Chunks::new()
                .data("one")
                .data("two")
                .data("three")
                .boxed_unsync(),
        )
    })
    .await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("0\r\n\r\n").await;
    let record = recorder.only().await;
    assert_eq!((record.end, record.response_bytes), (End::Completed, 11));
}

#[tokio::test]
async fn a_stream_of_the_declared_length_is_completed_though_its_end_is_never_read() {
    let (server, recorder) = serve(|| {
        with_length(
            Chunks::new()
                .data("one")
                .data("two")
                .data("three")
                .forever(),
            11,
        )
    })
    .await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("three").await;
    drop(client);
    let record = recorder.only().await;
    assert_eq!((record.end, record.response_bytes), (End::Completed, 11));
}

#[tokio::test]
async fn a_stream_of_a_length_its_hint_tells_is_completed() {
    let (server, recorder) = serve(|| {
        Response::new(
            Chunks::new()
                .data("one")
                .data("two")
                .forever()
                .exact(6)
                .boxed_unsync(),
        )
    })
    .await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("two").await;
    drop(client);
    assert_eq!(recorder.end().await, End::Completed);
}

#[tokio::test]
async fn a_client_that_leaves_mid_body_is_counted_as_aborted() {
    let (server, recorder) =
        serve(|| Response::new(Chunks::new().data("first").forever().boxed_unsync())).await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("first").await;
    drop(client);
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.status, record.response_bytes),
        (End::Aborted, 200, 5)
    );
}

#[tokio::test]
async fn a_client_that_leaves_before_the_declared_length_is_counted_as_aborted() {
    let (server, recorder) = serve(|| with_length(Chunks::new().data("first").forever(), 6)).await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("first").await;
    drop(client);
    assert_eq!(recorder.end().await, End::Aborted);
}

#[tokio::test]
async fn an_event_stream_lasts_until_its_client_leaves() {
    let (server, recorder) = serve(|| {
        Response::builder()
            .header(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")
            .body(Chunks::new().data("data: 1\n\n").forever().boxed_unsync())
            .unwrap()
    })
    .await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_until("data: 1").await;
    assert_eq!((recorder.started(), recorder.ended()), (1, vec![]));
    drop(client);
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.stream),
        (End::Aborted, Some(StreamKind::ServerSentEvents))
    );
}
