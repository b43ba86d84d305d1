use std::{io, net::SocketAddr, sync::Arc, task::Poll, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, WebSocketUpgrade},
    response::Response,
    routing::get,
};
use bytes::Bytes;
use futures_util::stream;
use monitor_layer::{Serve, ServeError, instrument_step, testing::TestMonitor};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
};

use crate::support::{Chunks, Client, eventually};

/// Longer than any test takes.
pub(super) const LONG: Duration = Duration::from_secs(600);

/// An app that is being served.
pub(super) struct Served {
    pub(super) monitor: TestMonitor,
    pub(super) address: SocketAddr,
    serving: JoinHandle<Result<(), ServeError>>,
    gate: Arc<Semaphore>,
}

impl Served {
    /// With times that are too long to pass.
    pub(super) async fn start() -> Self {
        Self::start_with(|serve| serve.grace(LONG).deadline(LONG)).await
    }

    pub(super) async fn start_with(configure: impl FnOnce(Serve<Router>) -> Serve<Router>) -> Self {
        let monitor = TestMonitor::new("api");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gate = Arc::new(Semaphore::new(0));
        let app = app(&monitor, &gate);
        let serve = configure(monitor.serve(listener, app));
        let serving = tokio::spawn(async move { serve.await });
        Self {
            monitor,
            address,
            serving,
            gate,
        }
    }

    /// Lets one request to `/gated` have its answer.
    pub(super) fn open_gate(&self) {
        self.gate.add_permits(1);
    }

    pub(super) async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    /// What a connection of its own is answered.
    pub(super) async fn ask(&self, path: &str) -> String {
        let mut client = self.client().await;
        let head = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        client.send_raw(head.as_bytes()).await;
        client.read_to_close().await
    }

    /// A client whose request to this path is under way.
    pub(super) async fn under_way(&self, path: &str) -> Client {
        let before = self.active();
        let mut client = self.client().await;
        client.send(&format!("GET {path}")).await;
        self.eventually("the request to arrive", || self.active() > before)
            .await;
        client
    }

    pub(super) fn active(&self) -> f64 {
        self.monitor.metric("http_active_connections", [])
    }

    pub(super) fn open_connections(&self) -> f64 {
        self.monitor.metric("http_open_connections", [])
    }

    pub(super) fn outcomes(&self, outcome: &str) -> f64 {
        (self.monitor).metric("http_request_outcomes_total", [("outcome", outcome)])
    }

    /// Whether nobody accepts connections any more.
    pub(super) async fn is_closed(&self) -> bool {
        TcpStream::connect(self.address).await.is_err()
    }

    pub(super) async fn closed(&self) {
        while !self.is_closed().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(super) async fn eventually(&self, what: &str, is_so: impl Fn() -> bool) {
        eventually(what, || is_so().then_some(())).await;
    }

    /// The lines with this message.
    pub(super) fn told(&self, message: &str) -> Vec<Value> {
        let lines = self.monitor.lines().into_iter();
        lines.filter(|line| line["message"] == message).collect()
    }

    pub(super) async fn told_of(&self, message: &str) -> Value {
        eventually(message, || self.told(message).pop()).await
    }

    /// Waits for the end of serving.
    pub(super) async fn ended(&mut self) {
        (&mut self.serving).await.unwrap().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn app(monitor: &TestMonitor, gate: &Arc<Semaphore>) -> Router {
    let gate = Arc::clone(gate);
    Router::new()
        .route("/", get(async || "here"))
        .route("/panic", get(async || -> &str { panic!("broken") }))
        .route("/abort", get(async || aborted()))
        .route("/stuck/{id}", get(async || stuck().await))
        .route(
            "/gated",
            get(async move || {
                gate.acquire().await.unwrap().forget();
                "through"
            }),
        )
        .route(
            "/peer",
            get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
        )
        .route(
            "/echo",
            get(async |upgrade: WebSocketUpgrade| {
                upgrade.on_upgrade(async |mut socket| {
                    while let Some(Ok(message)) = socket.recv().await {
                        if socket.send(message).await.is_err() {
                            return;
                        }
                    }
                })
            }),
        )
        .route(
            "/endless",
            get(async || Body::new(Chunks::new().data("first").forever())),
        )
        .merge(monitor.routes())
        .layer(monitor.layer())
}

/// Its body panics, which no layer answers.
fn aborted() -> Response {
    let panicking = stream::poll_fn(|_| -> Poll<Option<io::Result<Bytes>>> { panic!("broken") });
    Response::new(Body::from_stream(panicking))
}

#[instrument_step]
async fn outer() {
    stuck_in_here().await;
}

#[instrument_step(name = "wait_for_provider")]
async fn stuck_in_here() {
    std::future::pending().await
}

async fn stuck() -> &'static str {
    outer().await;
    "never"
}
