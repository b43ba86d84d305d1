//! Every way an exchange can end, and that it ends once.

use std::{convert::Infallible, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use monitor_layer::{End, ExchangeLayer};
use tokio::sync::Notify;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::support::{Chunks, Client, Recorder, Server};

type Text = Full<bytes::Bytes>;

fn request() -> Request<Text> {
    Request::new(Text::default())
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_counted_as_cancelled_with_499() {
    let recorder = Recorder::default();
    let arrived = Arc::new(Notify::new());
    let told = Arc::clone(&arrived);
    let service = service_fn(move |_: Request<hyper::body::Incoming>| {
        told.notify_one();
        std::future::pending::<Result<Response<Text>, Infallible>>()
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    arrived.notified().await;
    drop(client);
    let record = recorder.only().await;
    assert_eq!((record.end, record.status), (End::Cancelled, 499));
}

#[tokio::test]
async fn a_panic_in_the_handler_is_counted_and_goes_on() {
    let recorder = Recorder::default();
    let service = service_fn(
        async |_: Request<Text>| -> Result<Response<Text>, Infallible> {
            tokio::task::yield_now().await;
            panic!("handler broke")
        },
    );
    let service = ExchangeLayer::new(recorder.clone()).layer(service);
    let payload = AssertUnwindSafe(service.oneshot(request()))
        .catch_unwind()
        .await
        .unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"handler broke"));
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.status, record.cause.as_deref()),
        (End::Panicked, 500, Some("handler broke"))
    );
}

#[tokio::test]
async fn a_panic_in_the_call_itself_is_counted() {
    let recorder = Recorder::default();
    let service = service_fn(
        |_: Request<Text>| -> std::future::Ready<Result<Response<Text>, Infallible>> {
            panic!("call broke")
        },
    );
    let service = ExchangeLayer::new(recorder.clone()).layer(service);
    let caught = AssertUnwindSafe(service.oneshot(request()))
        .catch_unwind()
        .await;
    assert!(caught.is_err());
    assert_eq!(recorder.end().await, End::Panicked);
}

#[tokio::test]
async fn a_neighbour_s_panic_is_not_taken_for_ours() {
    let recorder = Recorder::default();
    let service = service_fn(async |_: Request<Text>| {
        Ok::<_, Infallible>(Response::new(Chunks::new().data("first").forever()))
    });
    let response = ExchangeLayer::new(recorder.clone())
        .layer(service)
        .oneshot(request())
        .await
        .unwrap();
    // Dropped while this thread unwinds, though the exchange did not panic.
    let unwinding = std::panic::catch_unwind(AssertUnwindSafe(move || {
        let _response = response;
        panic!("neighbour broke");
    }));
    assert!(unwinding.is_err());
    assert_eq!(recorder.end().await, End::Aborted);
}

#[tokio::test]
async fn a_panic_in_a_body_stream_is_counted_with_the_head_s_status() {
    let recorder = Recorder::default();
    let service = service_fn(async |_: Request<hyper::body::Incoming>| {
        Ok::<_, Infallible>(Response::new(
            Chunks::new().data("first").panic("stream broke"),
        ))
    });
    let server = Server::start(ExchangeLayer::new(recorder.clone()).layer(service)).await;
    let mut client = Client::connect(server.address).await;
    client.send("GET /").await;
    client.read_to_close().await;
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.status, record.cause.as_deref()),
        (End::Panicked, 200, Some("stream broke"))
    );
}

#[tokio::test]
async fn an_error_of_the_body_is_counted_as_failed() {
    let recorder = Recorder::default();
    let service = service_fn(async |_: Request<Text>| {
        Ok::<_, Infallible>(Response::new(
            Chunks::new().data("first").error("disk gone"),
        ))
    });
    let response = ExchangeLayer::new(recorder.clone())
        .layer(service)
        .oneshot(request())
        .await
        .unwrap();
    assert!(response.into_body().collect().await.is_err());
    let record = recorder.only().await;
    assert_eq!(
        (record.end, record.status, record.cause.as_deref()),
        (End::Failed, 200, Some("disk gone"))
    );
}

#[tokio::test]
async fn an_error_of_the_service_is_counted_as_failed_and_passed_on() {
    #[derive(Debug, PartialEq)]
    struct NoError(u8);

    let recorder = Recorder::default();
    let service = service_fn(async |_: Request<Text>| Err::<Response<Text>, _>(NoError(7)));
    let result = ExchangeLayer::new(recorder.clone())
        .layer(service)
        .oneshot(request())
        .await;
    assert_eq!(result.err(), Some(NoError(7)));
    let record = recorder.only().await;
    assert_eq!((record.end, record.status), (End::Failed, 500));
    assert!(record.cause.unwrap().ends_with("NoError"));
}

#[tokio::test]
async fn a_boxed_error_tells_its_text() {
    let recorder = Recorder::default();
    let service = service_fn(async |_: Request<Text>| {
        Err::<Response<Text>, Box<dyn std::error::Error + Send + Sync>>("no upstream".into())
    });
    let _ = ExchangeLayer::new(recorder.clone())
        .layer(service)
        .oneshot(request())
        .await;
    assert_eq!(recorder.only().await.cause.as_deref(), Some("no upstream"));
}

#[tokio::test]
async fn an_error_of_poll_ready_is_no_exchange_and_passes_through() {
    #[derive(Clone)]
    struct NeverReady;

    impl tower::Service<Request<Text>> for NeverReady {
        type Response = Response<Text>;
        type Error = &'static str;
        type Future = std::future::Ready<Result<Response<Text>, &'static str>>;

        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), &'static str>> {
            std::task::Poll::Ready(Err("overloaded"))
        }

        fn call(&mut self, _: Request<Text>) -> Self::Future {
            unreachable!("called though never ready")
        }
    }

    let recorder = Recorder::default();
    let mut service = ExchangeLayer::new(recorder.clone()).layer(NeverReady);
    assert_eq!(service.ready().await.err(), Some("overloaded"));
    assert_eq!((recorder.started(), recorder.ended().len()), (0, 0));
}

#[tokio::test]
async fn a_clone_calls_the_service_that_was_made_ready() {
    /// Tower's rule: `call` only what `poll_ready` of the very same value has said yes to.
    struct Strict(bool);

    impl Clone for Strict {
        fn clone(&self) -> Self {
            Self(false)
        }
    }

    impl tower::Service<Request<Text>> for Strict {
        type Response = Response<Text>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Text>, Infallible>>;

        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Infallible>> {
            self.0 = true;
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Text>) -> Self::Future {
            assert!(std::mem::take(&mut self.0), "called without being ready");
            std::future::ready(Ok(Response::new(Text::default())))
        }
    }

    let mut service = ExchangeLayer::new(Recorder::default()).layer(Strict(false));
    service.ready().await.unwrap();
    let mut clone = service.clone();
    drop(service.call(request()).await.unwrap());
    clone.ready().await.unwrap();
    drop(clone.call(request()).await.unwrap());
}

#[tokio::test]
async fn an_observer_that_panics_changes_nothing_and_does_not_stop_the_next() {
    #[derive(Clone)]
    struct Broken;

    impl monitor_layer::Observe for Broken {
        type Exchange = ();

        fn start(&self, _: &monitor_layer::RequestHead<'_>) {
            panic!("observer broke")
        }

        fn end(&self, (): (), _: &monitor_layer::Outcome<'_>) {
            panic!("observer broke again")
        }
    }

    let recorder = Recorder::default();
    let service =
        service_fn(async |_: Request<Text>| Ok::<_, Infallible>(Response::new(Text::from("fine"))));
    let response = ExchangeLayer::new((Broken, recorder.clone()))
        .layer(service)
        .oneshot(request())
        .await
        .unwrap();
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "fine"
    );
    assert_eq!(recorder.end().await, End::Completed);
}

#[tokio::test]
async fn a_future_that_is_never_polled_is_counted_as_cancelled() {
    let recorder = Recorder::default();
    let mut service =
        ExchangeLayer::new(recorder.clone()).layer(service_fn(async |_: Request<Text>| {
            Ok::<_, Infallible>(Response::new(Text::default()))
        }));
    let future = service.ready().await.unwrap().call(request());
    drop(future);
    assert_eq!(recorder.end().await, End::Cancelled);
}

#[tokio::test]
async fn a_drop_that_panics_is_counted_once() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("drop broke");
        }
    }

    let recorder = Recorder::default();
    let mut service = ExchangeLayer::new(recorder.clone()).layer(service_fn(
        async |_: Request<Text>| -> Result<Response<Text>, Infallible> {
            let _bomb = Bomb;
            std::future::pending().await
        },
    ));
    let mut future = Box::pin(service.ready().await.unwrap().call(request()));
    assert!(futures_util::poll!(&mut future).is_pending());
    assert!(std::panic::catch_unwind(AssertUnwindSafe(move || drop(future))).is_err());
    assert_eq!(recorder.end().await, End::Panicked);
}
