//! What a collector is told of calls to other services, and of traces that were not continued.

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body, routing::get};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use monitor_layer::{TraceContext, Trust, TrustPolicy, testing::TestMonitor};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::{
    collector::{Answer, Collector},
    send_request,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const MINUTE: Duration = Duration::from_secs(60);

fn monitor(collector: &Collector) -> TestMonitor {
    TestMonitor::build("api", |builder| {
        collector.take_from(builder.sample_ratio(1.0))
    })
    .unwrap()
}

/// Calls a service that answers so; gives the context that is current outside of the call.
async fn call(monitor: &TestMonitor, uri: &str, status: StatusCode) -> TraceContext {
    let callee = service_fn(move |_: Request<Body>| {
        let mut response = Response::new(Body::from("told"));
        *response.status_mut() = status;
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let client = monitor.client_layer().layer(callee);
    let request = Request::post(uri).body(Body::empty()).unwrap();
    let calling = async {
        let Ok(response) = client.oneshot(request).await;
        response.into_body().collect().await.unwrap();
        TraceContext::current().unwrap()
    };
    monitor.scope(calling).await
}

#[tokio::test]
async fn a_call_is_a_client_span_below_what_is_current() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector);
    let uri = "https://me:pw@pay.example/charges?token=abc";
    let outer = call(&monitor, uri, StatusCode::CREATED).await;
    monitor.flush(MINUTE);

    let exported = collector.span("POST");
    assert_eq!(exported.trace_id(), outer.trace_id().to_string());
    assert_eq!(exported.parent(), outer.span_id().to_string());
    assert_eq!(exported.span.kind, SpanKind::Client as i32);
    assert_eq!(exported.status(), 0);
    for (key, expected) in [
        ("http.request.method", "POST"),
        ("http.response.status_code", "201"),
        ("url.full", "https://pay.example/charges"),
        ("server.address", "pay.example"),
        ("server.port", "443"),
    ] {
        assert_eq!(exported.attribute(key).as_deref(), Some(expected), "{key}");
    }
    assert_eq!(exported.attribute("error.type"), None);
}

#[tokio::test]
async fn a_call_that_is_refused_is_an_error_of_the_client_s() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector);
    call(&monitor, "http://pay.example:8080/", StatusCode::NOT_FOUND).await;
    monitor.flush(MINUTE);

    let exported = collector.span("POST");
    assert_eq!(exported.status(), 2);
    assert_eq!(exported.attribute("error.type").as_deref(), Some("404"));
    assert_eq!(exported.attribute("server.port").as_deref(), Some("8080"));
}

#[tokio::test]
async fn a_caller_that_is_linked_is_a_link_and_no_parent() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector);
    let app: Router = Router::new()
        .route("/", get(async || ()))
        .layer(monitor.layer().trust(TrustPolicy::new(Trust::Link)));
    let request = Request::get("/")
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .body(Body::empty())
        .unwrap();
    send_request(&app, request).await;
    monitor.flush(MINUTE);

    let exported = collector.span("GET /");
    assert_ne!(exported.trace_id(), TRACE);
    assert_eq!(exported.parent(), "");
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let links: Vec<_> = (exported.span.links.iter())
        .map(|link| (hex(&link.trace_id), hex(&link.span_id)))
        .collect();
    assert_eq!(links, [(TRACE.to_owned(), CALLER.to_owned())]);
}
