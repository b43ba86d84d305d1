//! Two services that call each other through the client layer: one trace, each span below the one that caused it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll},
};

use axum::{Router, extract::State, routing::get};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use monitor_layer::{ClientService, Sampler, SpanId, TraceContext, TraceId, testing::TestMonitor};
use tower::{Layer as _, Service, ServiceExt as _};

use crate::support::Server;

const AT_ONCE: usize = 64;

/// What was current in each handler and in each client, by trace and place.
type Contexts = Arc<Mutex<HashMap<(TraceId, &'static str), TraceContext>>>;

/// The client below the layer, which sees what is current when a call is made.
#[derive(Clone)]
struct Noting {
    client: Client<HttpConnector, Full<Bytes>>,
    contexts: Contexts,
    place: &'static str,
}

impl Service<Request<Full<Bytes>>> for Noting {
    type Response = Response<hyper::body::Incoming>;
    type Error = hyper_util::client::legacy::Error;
    type Future = hyper_util::client::legacy::ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        note(&self.contexts, self.place);
        self.client.request(request)
    }
}

fn note(contexts: &Contexts, place: &'static str) {
    let context = TraceContext::current().unwrap();
    let before = contexts
        .lock()
        .unwrap()
        .insert((context.trace_id(), place), context);
    assert_eq!(before, None, "{place}");
}

/// One of the two.
#[derive(Clone)]
struct Peer {
    client: ClientService<Noting>,
    contexts: Contexts,
    other: Arc<OnceLock<String>>,
}

impl Peer {
    fn new(monitor: &TestMonitor, contexts: &Contexts, place: &'static str) -> Self {
        let layer = monitor.client_layer().host_group("peer", ["127.0.0.1"]);
        Self {
            client: layer.layer(Noting {
                client: Client::builder(TokioExecutor::new()).build_http(),
                contexts: Arc::clone(contexts),
                place,
            }),
            contexts: Arc::clone(contexts),
            other: Arc::default(),
        }
    }

    async fn ask_other(&self, path: &str) -> String {
        tokio::task::yield_now().await;
        let uri = format!("{}{path}", self.other.get().unwrap());
        let request = Request::get(uri).body(Full::default()).unwrap();
        let response = self.client.clone().oneshot(request).await.unwrap();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

fn router(monitor: &TestMonitor, peer: Peer) -> Router {
    Router::new()
        .route(
            "/first",
            get(async |State(peer): State<Peer>| {
                note(&peer.contexts, "first");
                peer.ask_other("/second").await
            }),
        )
        .route(
            "/second",
            get(async |State(peer): State<Peer>| {
                note(&peer.contexts, "second");
                peer.ask_other("/third").await
            }),
        )
        .route(
            "/third",
            get(async |State(peer): State<Peer>| {
                note(&peer.contexts, "third");
                TraceContext::current().unwrap().trace_id().to_string()
            }),
        )
        .with_state(peer)
        .layer(monitor.layer())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_services_that_call_each_other_64_times_at_once_make_64_traces_with_the_right_parents()
{
    let contexts = Contexts::default();
    let (one, two) = (TestMonitor::new("one"), TestMonitor::new("two"));
    let first = Peer::new(&one, &contexts, "call of the second");
    let second = Peer::new(&two, &contexts, "call of the third");
    let (to_second, to_first) = (Arc::clone(&first.other), Arc::clone(&second.other));
    let first = Server::start(router(&one, first)).await;
    let second = Server::start(router(&two, second)).await;
    to_second.set(format!("http://{}", second.address)).unwrap();
    to_first.set(format!("http://{}", first.address)).unwrap();

    let callers: Vec<_> = (0..AT_ONCE)
        .map(|_| TraceContext::root(&Sampler::ratio(1.0).unwrap()))
        .collect();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let calls = callers.iter().map(async |caller| {
        let mut request = Request::get(format!("http://{}/first", first.address))
            .body(Full::default())
            .unwrap();
        caller.inject(request.headers_mut());
        let response = client.request(request).await.unwrap();
        assert_eq!(
            response.headers()["x-trace-id"],
            caller.trace_id().to_string()
        );
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(bytes, caller.trace_id().to_string());
    });
    join_all(calls).await;

    let contexts = contexts.lock().unwrap();
    assert_eq!(contexts.len(), 5 * AT_ONCE);
    for caller in &callers {
        let mut parent = caller.span_id();
        let mut seen: Vec<SpanId> = vec![parent];
        for place in [
            "first",
            "call of the second",
            "second",
            "call of the third",
            "third",
        ] {
            let context = &contexts[&(caller.trace_id(), place)];
            assert_eq!(context.parent_span_id(), Some(parent), "{place}");
            assert!(context.is_sampled());
            parent = context.span_id();
            assert!(!seen.contains(&parent));
            seen.push(parent);
        }
    }
    for monitor in [&one, &two] {
        let peer = [("host_group", "peer"), ("status", "200")];
        let calls = monitor.metric("http_client_request_duration_seconds_count", peer);
        assert_eq!(calls, AT_ONCE as f64);
    }
}
