//! What a gRPC call counts as, by what was sent of a status and what was not.

use std::convert::Infallible;

use http::{Request, Response, StatusCode, Version, header};
use http_body_util::BodyExt as _;
use monitor_layer::{End, ExchangeLayer, GrpcStatus, StreamKind};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::{Chunks, Recorder, Server};

const GRPC: &str = "application/grpc+proto";

fn request() -> Request<()> {
    Request::post("http://test/jobs.Jobs/Get")
        .version(Version::HTTP_2)
        .header(header::CONTENT_TYPE, GRPC)
        .body(())
        .unwrap()
}

/// The head of a gRPC answer.
fn head() -> http::response::Builder {
    Response::builder().header(header::CONTENT_TYPE, GRPC)
}

/// What is recorded of this answer, read to its end, to this request.
async fn recorded(request: Request<()>, answer: Response<Chunks>) -> Option<GrpcStatus> {
    let recorder = Recorder::default();
    let answer = std::sync::Mutex::new(Some(answer));
    let service = ExchangeLayer::new(recorder.clone()).layer(service_fn(|_: Request<()>| {
        std::future::ready(Ok::<_, Infallible>(answer.lock().unwrap().take().unwrap()))
    }));
    let response = service.oneshot(request).await.unwrap();
    let _ = response.into_body().collect().await;
    recorder.only().await.grpc_status
}

async fn answered(answer: Response<Chunks>) -> Option<GrpcStatus> {
    recorded(request(), answer).await
}

fn with_trailer(value: &'static str) -> Response<Chunks> {
    head()
        .body(Chunks::new().data("message").trailer("grpc-status", value))
        .unwrap()
}

#[tokio::test]
async fn the_status_is_that_of_the_trailers() {
    for (code, status) in GrpcStatus::ALL.into_iter().enumerate() {
        let value = code.to_string().leak();
        assert_eq!(answered(with_trailer(value)).await, Some(status));
    }
}

#[tokio::test]
async fn a_code_that_is_none_of_the_17_is_other() {
    for value in ["17", "99999999999999999999999", "-1", "OK", "", "0.0"] {
        let status = answered(with_trailer(value)).await;
        assert_eq!(status, Some(GrpcStatus::Other), "{value:?}");
    }
}

#[tokio::test]
async fn an_answer_of_trailers_only_tells_its_status_by_the_head() {
    let answer = head().header("grpc-status", "5").body(Chunks::new());
    assert_eq!(answered(answer.unwrap()).await, Some(GrpcStatus::NotFound));
}

#[tokio::test]
async fn a_response_s_content_type_is_enough() {
    let request = Request::new(());
    assert_eq!(
        recorded(request, with_trailer("0")).await,
        Some(GrpcStatus::Ok)
    );
}

#[tokio::test]
async fn what_is_not_grpc_has_no_status() {
    let trailers = || {
        let body = Chunks::new().data("x").trailer("grpc-status", "0");
        Response::builder().header("grpc-status", "0").body(body)
    };
    let plain = Request::new(());
    assert_eq!(recorded(plain, trailers().unwrap()).await, None);
    // gRPC-Web tells its status in the body.
    let mut web = Request::new(());
    *web.version_mut() = Version::HTTP_2;
    let name = http::HeaderValue::from_static("application/grpc-web+proto");
    web.headers_mut().insert(header::CONTENT_TYPE, name.clone());
    let answer = Response::builder().header(header::CONTENT_TYPE, name);
    let answer = answer.body(Chunks::new().data("x")).unwrap();
    assert_eq!(recorded(web, answer).await, None);
}

#[tokio::test]
async fn an_answer_that_ends_without_a_status_is_unknown() {
    let answer = head().body(Chunks::new().data("message")).unwrap();
    assert_eq!(answered(answer).await, Some(GrpcStatus::Unknown));
    let failed = head().body(Chunks::new().error("disk gone")).unwrap();
    assert_eq!(answered(failed).await, Some(GrpcStatus::Unknown));
}

#[tokio::test]
async fn an_http_error_without_a_status_is_what_clients_make_of_it() {
    for (status, expected) in [
        (StatusCode::BAD_REQUEST, GrpcStatus::Internal),
        (StatusCode::UNAUTHORIZED, GrpcStatus::Unauthenticated),
        (StatusCode::FORBIDDEN, GrpcStatus::PermissionDenied),
        (StatusCode::NOT_FOUND, GrpcStatus::Unimplemented),
        (StatusCode::TOO_MANY_REQUESTS, GrpcStatus::Unavailable),
        (StatusCode::SERVICE_UNAVAILABLE, GrpcStatus::Unavailable),
        (StatusCode::INTERNAL_SERVER_ERROR, GrpcStatus::Unknown),
    ] {
        // A proxy's or a router's answer, which knows nothing of gRPC.
        let answer = Response::builder().status(status).body(Chunks::new());
        assert_eq!(answered(answer.unwrap()).await, Some(expected), "{status}");
    }
}

#[tokio::test]
async fn an_error_of_the_service_is_unknown() {
    let recorder = Recorder::default();
    let service = ExchangeLayer::new(recorder.clone()).layer(service_fn(async |_: Request<()>| {
        Err::<Response<Chunks>, _>("no upstream")
    }));
    assert!(service.oneshot(request()).await.is_err());
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.grpc_status),
        (End::Failed, Some(GrpcStatus::Unknown))
    );
}

#[tokio::test]
async fn a_call_dropped_before_its_head_is_cancelled() {
    let recorder = Recorder::default();
    let service = ExchangeLayer::new(recorder.clone()).layer(service_fn(|_: Request<()>| {
        std::future::pending::<Result<Response<Chunks>, Infallible>>()
    }));
    let mut call = Box::pin(service.oneshot(request()));
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.grpc_status),
        (End::Cancelled, Some(GrpcStatus::Cancelled))
    );
}

#[tokio::test]
async fn a_client_that_resets_its_stream_mid_answer_has_cancelled_the_call() {
    let recorder = Recorder::default();
    let service = service_fn(async |_: Request<hyper::body::Incoming>| {
        let body = Chunks::new().data("first").forever();
        Ok::<_, Infallible>(head().body(body).unwrap())
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    let mut driver = tokio::task::JoinSet::new();
    driver.spawn(async move {
        let _ = connection.await;
    });
    let mut sender = sender.ready().await.unwrap();
    let (response, mut stream) = sender.send_request(request(), false).unwrap();
    let mut body = response.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "first");
    stream.send_reset(h2::Reason::CANCEL);
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.stream, record.grpc_status),
        (
            End::Aborted,
            Some(StreamKind::Grpc),
            Some(GrpcStatus::Cancelled)
        )
    );
}

#[test]
fn statuses_have_the_names_of_grpc_s_specification() {
    let names = GrpcStatus::ALL.map(GrpcStatus::as_str);
    assert_eq!(
        names,
        [
            "OK",
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED",
            "_other",
        ]
    );
}
