//! What goes out with a call through the client layer, and how the call is counted.

use std::{convert::Infallible, io, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use monitor_layer::{ClientService, Sampler, TraceContext, testing::TestMonitor};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use crate::support::{Chunks, Server};

const METRIC: &str = "http_client_request_duration_seconds_count";

type HttpClient = ClientService<Client<HttpConnector, Full<Bytes>>>;

fn client(monitor: &TestMonitor) -> HttpClient {
    let layer = monitor.client_layer().host_group("loopback", ["127.0.0.1"]);
    layer.layer(Client::builder(TokioExecutor::new()).build_http())
}

fn get(uri: &str) -> Request<Full<Bytes>> {
    Request::get(uri).body(Full::default()).unwrap()
}

/// A server whose answer tells what it was asked with.
async fn echo() -> Server {
    Server::start(service_fn(async |request: Request<Incoming>| {
        let values = |name| {
            let values = request.headers().get_all(name).iter();
            let values: Vec<_> = values.map(|value| value.to_str().unwrap()).collect();
            values.join("+")
        };
        let text = format!("{}|{}", values("traceparent"), values("tracestate"));
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(text)))
    }))
    .await
}

async fn text(response: Response<impl http_body::Body<Error: std::fmt::Debug>>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// How many calls were counted, and of those how many with this status.
fn counted(monitor: &TestMonitor, status: &str) -> (f64, f64) {
    let labels = [
        ("method", "GET"),
        ("host_group", "loopback"),
        ("status", status),
    ];
    (monitor.metric(METRIC, []), monitor.metric(METRIC, labels))
}

#[tokio::test]
async fn a_call_is_a_child_of_what_is_current_and_says_so_in_the_place_of_what_was_there() {
    let (monitor, server) = (TestMonitor::new("api"), echo().await);
    let state = "vendor=1,other=2";
    let mut headers = http::HeaderMap::new();
    let caller = TraceContext::root(&Sampler::ratio(1.0).unwrap());
    caller.inject(&mut headers);
    headers.insert("tracestate", state.parse().unwrap());
    let current = TraceContext::from_headers(&headers, &Sampler::default()).context;
    for _ in 0..2 {
        let mut request = get(&format!("http://{}/", server.address));
        for stale in ["stale", "staler"] {
            let headers = request.headers_mut();
            headers.append("traceparent", stale.parse().unwrap());
            headers.append("tracestate", format!("{stale}=1").parse().unwrap());
        }
        let call = client(&monitor).oneshot(request);
        let sent = text(current.clone().scope(call).await.unwrap()).await;
        let (traceparent, tracestate) = sent.split_once('|').unwrap();
        let fields: Vec<_> = traceparent.split('-').collect();
        assert_eq!(fields[1], caller.trace_id().to_string());
        assert_ne!(fields[2], current.span_id().to_string());
        assert_eq!((fields[3], tracestate), ("03", state));
    }
}

#[tokio::test]
async fn a_call_outside_of_everything_begins_a_trace() {
    for ratio in [0.0, 1.0] {
        let monitor = TestMonitor::build("api", |builder| builder.sample_ratio(ratio)).unwrap();
        let server = echo().await;
        let request = get(&format!("http://{}/", server.address));
        let sent = text(client(&monitor).oneshot(request).await.unwrap()).await;
        let flags = if ratio == 1.0 { "-03|" } else { "-02|" };
        assert!(sent.starts_with("00-") && sent.ends_with(flags), "{sent}");
    }
}

#[tokio::test]
async fn what_the_client_does_is_done_within_the_call_s_span() {
    let monitor = TestMonitor::new("api");
    let service = monitor
        .client_layer()
        .layer(service_fn(async |request: Request<Body>| {
            let context = TraceContext::current().unwrap();
            let sent = TraceContext::from_headers(request.headers(), &Sampler::default()).context;
            assert_eq!(sent.parent_span_id(), Some(context.span_id()));
            let parent = context.parent_span_id().unwrap().to_string();
            Ok::<_, Infallible>(Response::new(parent))
        }));
    let outer = TraceContext::root(&Sampler::default());
    let request = Request::new(Body::empty());
    let response = outer.clone().scope(service.oneshot(request)).await.unwrap();
    assert_eq!(text(response).await, outer.span_id().to_string());
    assert_eq!(TraceContext::current(), None);
}

#[tokio::test]
async fn a_call_is_counted_once_and_when_its_response_is_over() {
    let (monitor, server) = (TestMonitor::new("api"), echo().await);
    let request = get(&format!("http://{}/", server.address));
    let response = client(&monitor).oneshot(request).await.unwrap();
    assert_eq!(counted(&monitor, "200"), (0.0, 0.0));
    text(response).await;
    assert_eq!(counted(&monitor, "200"), (1.0, 1.0));
}

#[tokio::test]
async fn a_response_that_is_dropped_unread_counts_by_its_status() {
    let monitor = TestMonitor::new("api");
    let server = Server::start(service_fn(async |_: Request<Incoming>| {
        let mut response = Response::new(Chunks::new().data("x").forever());
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        Ok::<_, Infallible>(response)
    }))
    .await;
    let request = get(&format!("http://{}/", server.address));
    let response = client(&monitor).oneshot(request).await.unwrap();
    assert_eq!(counted(&monitor, "502"), (0.0, 0.0));
    drop(response);
    assert_eq!(counted(&monitor, "502"), (1.0, 1.0));
}

#[tokio::test]
async fn a_call_that_is_given_up_before_its_answer_counts_as_499() {
    let monitor = TestMonitor::new("api");
    let server = Server::start(service_fn(async |_: Request<Incoming>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
    }))
    .await;
    let request = get(&format!("http://{}/", server.address));
    let call = client(&monitor).oneshot(request);
    tokio::time::timeout(Duration::from_millis(50), call)
        .await
        .unwrap_err();
    assert_eq!(counted(&monitor, "499"), (1.0, 1.0));
}

#[tokio::test]
async fn a_call_that_nobody_answers_counts_as_500_and_its_error_goes_on() {
    let monitor = TestMonitor::new("api");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let request = get(&format!("http://{address}/"));
    let error = client(&monitor).oneshot(request).await.unwrap_err();
    assert!(error.is_connect(), "{error}");
    assert_eq!(counted(&monitor, "500"), (1.0, 1.0));
}

#[tokio::test]
async fn a_client_that_panics_is_counted_and_its_panic_goes_on() {
    let monitor = TestMonitor::new("api");
    let layer = monitor.client_layer().host_group("loopback", ["localhost"]);
    let service = layer.layer(service_fn(async |_: Request<Body>| {
        if TraceContext::current().is_some() {
            panic!("no route");
        }
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    let request = Request::get("http://localhost/")
        .body(Body::empty())
        .unwrap();
    let call = tokio::spawn(async move { service.oneshot(request).await.is_ok() });
    assert!(call.await.unwrap_err().is_panic());
    assert_eq!(counted(&monitor, "500"), (1.0, 1.0));
}

#[tokio::test]
async fn a_client_that_is_not_ready_has_made_no_call() {
    #[derive(Clone)]
    struct Closed;

    impl Service<Request<Body>> for Closed {
        type Response = Response<String>;
        type Error = io::Error;
        type Future = std::future::Ready<io::Result<Response<String>>>;

        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Err(io::Error::other("closed")))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            std::future::ready(Ok(Response::default()))
        }
    }

    let monitor = TestMonitor::new("api");
    let service = monitor.client_layer().layer(Closed);
    let error = service
        .oneshot(Request::new(Body::empty()))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "closed");
    assert_eq!(monitor.metric(METRIC, []), 0.0);
}

#[tokio::test]
async fn what_is_called_makes_no_series_beyond_what_the_user_named() {
    let monitor = TestMonitor::new("api");
    let layer = monitor
        .client_layer()
        .host_group("known", ["known.example"]);
    let service = layer.layer(service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    for number in 0..50 {
        for host in [format!("host-{number}.example"), "known.example".to_owned()] {
            let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
            let request = Request::builder()
                .method(method)
                .uri(format!("http://{host}:{}/{number}", 1000 + number));
            let request = request.body(Body::empty()).unwrap();
            drop(service.clone().oneshot(request).await.unwrap());
        }
    }
    for group in ["known", "other"] {
        let labels = [
            ("method", "_OTHER"),
            ("host_group", group),
            ("status", "200"),
        ];
        assert_eq!(monitor.metric(METRIC, labels), 50.0, "{group}");
    }
    assert_eq!(monitor.metric(METRIC, []), 100.0);
}

#[tokio::test]
async fn a_stream_counts_with_its_time_to_the_head() {
    let monitor = TestMonitor::new("api");
    let service = monitor
        .client_layer()
        .layer(service_fn(async |_: Request<Body>| {
            let response = Response::builder().header("content-type", "text/event-stream");
            Ok::<_, Infallible>(response.body(Chunks::new().data("x").forever()).unwrap())
        }));
    let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
    tokio::time::sleep(Duration::from_millis(120)).await;
    drop(response);
    assert_eq!(monitor.metric(METRIC, []), 1.0);
    let seconds = monitor.metric("http_client_request_duration_seconds_sum", []);
    assert!(seconds < 0.1, "{seconds}");
}

#[tokio::test]
async fn a_callee_in_this_process_has_an_exchange_of_its_own() {
    let monitor = TestMonitor::new("api");
    let callee: axum::Router = axum::Router::new()
        .route("/callee", axum::routing::get(async || "called"))
        .layer(monitor.layer());
    let client = monitor.client_layer().layer(callee);
    let app: axum::Router = axum::Router::new()
        .route(
            "/caller",
            axum::routing::get(move || {
                let client = client.clone();
                async move {
                    let request = Request::get("/callee").body(Body::empty()).unwrap();
                    text(client.oneshot(request).await.unwrap()).await
                }
            }),
        )
        .layer(monitor.layer());
    let answer = crate::support::send(&app, Method::GET, "/caller").await;
    assert_eq!(answer.text, "called");
    for route in ["/caller", "/callee"] {
        assert_eq!(
            monitor.metric("http_requests_total", [("route", route), ("status", "200")]),
            1.0
        );
    }
    let spans = monitor.spans();
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[0].trace_id, spans[1].trace_id);
    // The call's own span stands between the two.
    assert_ne!(spans[0].parent_span_id.as_ref(), Some(&spans[1].span_id));
    assert!(spans[0].parent_span_id.is_some());
}

#[tokio::test]
async fn headers_for_a_call_past_the_layer_name_what_is_current_as_its_parent() {
    assert!(monitor_layer::current().headers().is_empty());
    let current = TraceContext::root(&Sampler::default());
    let headers = current
        .clone()
        .scope(async { monitor_layer::current().headers() })
        .await;
    let callee = TraceContext::from_headers(&headers, &Sampler::default()).context;
    assert_eq!(callee.trace_id(), current.trace_id());
    assert_eq!(callee.parent_span_id(), Some(current.span_id()));
}

#[tokio::test]
async fn a_call_whose_body_breaks_off_counts_by_its_status() {
    let monitor = TestMonitor::new("api");
    let layer = monitor.client_layer().host_group("loopback", ["localhost"]);
    let service = layer.layer(service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(Chunks::new().data("x").error("broken off")))
    }));
    let request = Request::get("http://localhost/")
        .body(Body::empty())
        .unwrap();
    let response = service.oneshot(request).await.unwrap();
    let error = response.into_body().collect().await.unwrap_err();
    assert_eq!(error.to_string(), "broken off");
    assert_eq!(counted(&monitor, "200"), (1.0, 1.0));
}
