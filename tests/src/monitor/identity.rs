//! One trace id, wherever it is looked for.

use axum::{Router, body::Body, routing::get};
use http::{HeaderValue, Method, Request};
use monitor_layer::{Sampler, TraceContext, TraceContextLayer, testing::TestMonitor};

use crate::support::{Random, send, send_request};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn app(monitor: &TestMonitor) -> Router {
    Router::new()
        .route(
            "/",
            get(async || {
                tokio::task::yield_now().await;
                TraceContext::current().map_or_else(String::new, |context| {
                    format!("{} {}", context.trace_id(), context.is_sampled())
                })
            }),
        )
        .layer(monitor.layer())
}

async fn answer(header: (&str, &str)) -> (String, String, TestMonitor) {
    let monitor = TestMonitor::new("api");
    let request = Request::get("/")
        .header(header.0, header.1)
        .body(Body::empty())
        .unwrap();
    let answer = send_request(&app(&monitor), request).await;
    let id = answer.headers["x-trace-id"].to_str().unwrap().to_owned();
    (id, answer.text, monitor)
}

#[tokio::test]
async fn a_traceparent_is_continued_in_handler_response_and_lines() {
    let (id, seen, monitor) = answer(("traceparent", &format!("00-{TRACE}-{PARENT}-01"))).await;
    assert_eq!(id, TRACE);
    assert_eq!(seen, format!("{TRACE} true"));
    for line in monitor.lines() {
        assert_eq!(line["traceId"], TRACE);
        assert_eq!(line["metadata"]["parentSpanId"], PARENT);
        assert_ne!(line["spanId"], PARENT);
    }
}

#[tokio::test]
async fn a_parent_that_is_not_sampled_is_respected() {
    let (_, seen, _) = answer(("traceparent", &format!("00-{TRACE}-{PARENT}-00"))).await;
    assert_eq!(seen, format!("{TRACE} false"));
}

#[tokio::test]
async fn an_x_trace_id_of_hex_or_a_uuid_is_taken() {
    let (id, ..) = answer(("x-trace-id", &TRACE.to_uppercase())).await;
    assert_eq!(id, TRACE);
    let (id, ..) = answer(("x-trace-id", "0af76519-16cd-43dd-8448-eb211c80319c")).await;
    assert_eq!(id, TRACE);
}

#[tokio::test]
async fn an_unusable_x_trace_id_is_kept_aside() {
    let (id, _, monitor) = answer(("x-trace-id", "order-17")).await;
    assert_ne!(id, "order-17");
    assert_eq!(monitor.lines()[1]["metadata"]["clientTraceId"], "order-17");
}

#[tokio::test]
async fn every_answer_bears_an_id_of_its_own() {
    let monitor = TestMonitor::new("api");
    let app = app(&monitor);
    let mut ids = std::collections::HashSet::new();
    for path in ["/", "/missing", "/", "/missing"] {
        let answer = send(&app, Method::GET, path).await;
        let id = answer.headers["x-trace-id"].to_str().unwrap().to_owned();
        assert_eq!(id.len(), 32);
        assert!(ids.insert(id));
    }
    assert_eq!(
        send(&app, Method::DELETE, "/").await.headers["x-trace-id"].len(),
        32
    );
}

#[tokio::test]
async fn headers_of_any_bytes_lose_their_trace_and_nothing_else() {
    let monitor = TestMonitor::new("api");
    let app = app(&monitor);
    let mut random = Random::new(7);
    for round in 0..2_000 {
        let mut request = Request::get("/");
        for name in ["traceparent", "tracestate", "x-trace-id"] {
            for _ in 0..random.below(3) {
                let length = random.below(if round % 100 == 0 { 20_000 } else { 80 });
                let bytes: Vec<u8> = (0..length)
                    .map(|_| match random.below(256) as u8 {
                        // What no HTTP parser lets through.
                        byte if byte < 0x20 || byte == 0x7f => b'-',
                        byte => byte,
                    })
                    .collect();
                request = request.header(name, HeaderValue::from_bytes(&bytes).unwrap());
            }
        }
        let answer = send_request(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200);
        let id = answer.headers["x-trace-id"].to_str().unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    assert_eq!(monitor.lines().len(), 4_000);
    assert!(monitor.raw_lines().iter().all(|line| line.is_ascii()));
}

#[tokio::test]
async fn what_is_spawned_in_scope_belongs_to_the_exchange_and_what_is_not_does_not() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route(
            "/",
            get(async || {
                let trace = || TraceContext::current().map(|context| context.trace_id());
                let own = trace();
                let scoped = tokio::spawn(monitor_layer::current().scope(async move { trace() }));
                let bare = tokio::spawn(async move { trace() });
                assert!(own.is_some());
                assert_eq!(scoped.await.unwrap(), own);
                assert_eq!(bare.await.unwrap(), None);
            }),
        )
        .layer(monitor.layer());
    assert_eq!(send(&app, Method::GET, "/").await.status, 200);
    assert_eq!(TraceContext::current(), None);
}

#[tokio::test]
async fn concurrent_exchanges_never_see_each_other_s_user() {
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route(
            "/{user}",
            get(
                async |axum::extract::Path(user): axum::extract::Path<String>| {
                    monitor_layer::current().user(user.clone()).tag("own", user);
                    for _ in 0..5 {
                        tokio::task::yield_now().await;
                    }
                },
            ),
        )
        .layer(monitor.layer());
    let requests = (0..50).map(|number| {
        let app = app.clone();
        async move { send(&app, Method::GET, &format!("/u-{number}")).await }
    });
    futures_util::future::join_all(requests).await;
    let completed: Vec<_> = monitor
        .lines()
        .into_iter()
        .filter(|line| line["message"] == "Request completed")
        .collect();
    assert_eq!(completed.len(), 50);
    for line in completed {
        let path = line["metadata"]["path"].as_str().unwrap();
        assert_eq!(line["userId"], path[1..]);
        assert_eq!(line["metadata"]["own"], path[1..]);
    }
}

#[tokio::test]
async fn nested_layers_leave_the_request_its_one_trace_id() {
    let monitor = TestMonitor::new("api");
    let other = TestMonitor::new("other");
    let ids = || TraceContextLayer::new(Sampler::default());
    let seen = || {
        Router::new().route(
            "/",
            get(async || {
                TraceContext::current()
                    .map(|context| context.trace_id().to_string())
                    .unwrap()
            }),
        )
    };
    for app in [
        seen().layer(ids()).layer(monitor.layer()),
        seen().layer(monitor.layer()).layer(ids()),
        seen().layer(other.layer()).layer(monitor.layer()),
        seen().layer(ids()).layer(ids()),
    ] {
        let answer = send(&app, Method::GET, "/").await;
        assert_eq!(answer.headers.get_all("x-trace-id").iter().count(), 1);
        assert_eq!(answer.text, answer.headers["x-trace-id"].to_str().unwrap());
    }
    assert_eq!(monitor.metric("http_requests_total", []), 3.0);
}

#[tokio::test]
async fn a_server_inside_of_a_step_starts_a_trace_for_each_request() {
    let monitor = TestMonitor::new("api");
    let app = app(&monitor);
    let job = monitor.job("serve").run(async {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let answer = send(&app, Method::GET, "/").await;
            ids.push(answer.headers["x-trace-id"].clone());
        }
        Ok::<_, std::io::Error>(ids)
    });
    let ids = job.await.unwrap();
    assert_ne!(ids[0], ids[1]);
}
