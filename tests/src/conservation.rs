//! Nothing is lost: after a storm of clients, the metrics say what the handlers saw.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State, ws::WebSocketUpgrade},
    response::Response,
    routing::get,
};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::Request;
use http_body::Frame;
use monitor_layer::testing::TestMonitor;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use crate::support::{Client, Random, Server, eventually};

const CLIENTS: u64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_clients_is_counted_as_the_handlers_saw_it() {
    let monitor = TestMonitor::new("api");
    let witness = Witness::default();
    let app = Router::new()
        .route("/plain/{id}", get(plain))
        .route("/slow/{id}", get(slow))
        .route("/stream/{id}", get(stream))
        .route("/panic/{id}", get(panic))
        .route("/broken/{id}", get(broken))
        .route("/fails/{id}", get(fails))
        .route("/socket/{id}", get(socket))
        .with_state(witness.clone())
        .layer(monitor.layer());
    let server = Server::start(app).await;

    let mut clients = JoinSet::new();
    for seed in 0..CLIENTS {
        let address = server.address;
        clients.spawn(async move {
            let random = Random::new(seed);
            match seed % 4 {
                0 | 1 => http1(address, random).await,
                2 => http2(address, random).await,
                _ => websocket(address, random).await,
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }

    eventually("every exchange to be over", || {
        let over = monitor.metric("http_active_connections", []) == 0.0;
        (over && witness.open() == 0).then_some(())
    })
    .await;
    let started = monitor.metric("http_requests_started_total", []);
    let outcomes: BTreeMap<&str, f64> = Witness::OUTCOMES
        .iter()
        .map(|outcome| {
            let count = monitor.metric("http_request_outcomes_total", [("outcome", *outcome)]);
            (*outcome, count)
        })
        .collect();

    assert_eq!(outcomes, witness.counts());
    assert_eq!(started, outcomes.values().sum::<f64>());
    assert_eq!(
        monitor.metric("http_requests_total", []),
        monitor.metric("http_request_duration_seconds_count", [])
    );
    assert_eq!(started, monitor.metric("http_requests_total", []));
    for outcome in Witness::OUTCOMES {
        assert!(outcomes[outcome] > 0.0, "the storm made no {outcome}");
    }
}

async fn plain(State(witness): State<Witness>) -> Body {
    witness.handler().body(1, None)
}

async fn slow(State(witness): State<Witness>, Path(id): Path<u64>) -> Body {
    let handler = witness.handler();
    tokio::time::sleep(Duration::from_millis(id % 40)).await;
    handler.body(1, None)
}

async fn stream(State(witness): State<Witness>, Path(id): Path<u64>) -> Body {
    witness
        .handler()
        .body(1 + id % 20, Some(Duration::from_millis(2)))
}

async fn panic(State(witness): State<Witness>) -> Body {
    let _handler = witness.handler().will("panicked");
    panic!("the handler broke, as it was told to");
}

async fn broken(State(witness): State<Witness>) -> Body {
    Body::new(Broken(witness.handler().will("aborted")))
}

async fn fails(State(witness): State<Witness>) -> Body {
    Body::new(Failing(witness.handler().will("aborted")))
}

async fn socket(State(witness): State<Witness>, upgrade: WebSocketUpgrade) -> Response {
    let handler = witness.handler().will("upgraded");
    upgrade.on_upgrade(async move |mut socket| {
        let _open = handler;
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    })
}

/// What the handlers saw, told by nothing of the layer's.
#[derive(Clone, Default)]
struct Witness(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    open: usize,
    ended: BTreeMap<&'static str, f64>,
}

impl Witness {
    const OUTCOMES: [&str; 6] = [
        "completed",
        "cancelled",
        "aborted",
        "failed",
        "panicked",
        "upgraded",
    ];

    fn handler(&self) -> Handler {
        self.0.lock().unwrap().open += 1;
        Handler {
            witness: self.clone(),
            ends: "cancelled",
        }
    }

    fn open(&self) -> usize {
        self.0.lock().unwrap().open
    }

    fn counts(&self) -> BTreeMap<&'static str, f64> {
        let mut counts: BTreeMap<_, _> = Self::OUTCOMES.map(|outcome| (outcome, 0.0)).into();
        counts.extend(self.0.lock().unwrap().ended.iter());
        counts
    }
}

/// Tells its end when it is dropped.
struct Handler {
    witness: Witness,
    ends: &'static str,
}

impl Handler {
    fn will(mut self, end: &'static str) -> Self {
        self.ends = end;
        self
    }

    fn body(self, frames: u64, pause: Option<Duration>) -> Body {
        Body::new(Counted {
            handler: self.will("aborted"),
            frames,
            pause,
            sleep: None,
        })
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        let mut seen = self.witness.0.lock().unwrap();
        seen.open -= 1;
        *seen.ended.entry(self.ends).or_default() += 1.0;
    }
}

/// So many frames, then the end.
struct Counted {
    handler: Handler,
    frames: u64,
    pause: Option<Duration>,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.frames == 0 {
            self.handler.ends = "completed";
            return Poll::Ready(None);
        }
        if let Some(pause) = self.pause {
            let sleep = self
                .sleep
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
        self.frames -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"frame")))))
    }
}

/// Panics at its first frame.
struct Broken(Handler);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.ends = "panicked";
        panic!("the stream broke, as it was told to");
    }
}

/// Fails at its first frame.
struct Failing(Handler);

impl http_body::Body for Failing {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.ends = "failed";
        Poll::Ready(Some(Err(std::io::Error::other("the disk is gone"))))
    }
}

fn path(random: &mut Random) -> String {
    const PLACES: [&str; 7] = [
        "plain", "slow", "stream", "stream", "panic", "broken", "fails",
    ];
    let place = PLACES[random.below(PLACES.len() as u64) as usize];
    format!("/{place}/{}", random.below(1000))
}

/// Leaves at a random moment, or reads to the end.
async fn http1(address: std::net::SocketAddr, mut random: Random) {
    for _ in 0..4 {
        let mut client = Client::connect(address).await;
        let path = path(&mut random);
        client
            .send_raw(
                format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
                    .as_bytes(),
            )
            .await;
        let patience = match random.below(2) {
            0 => Duration::from_secs(20),
            _ => Duration::from_millis(random.below(30)),
        };
        let _ = timeout(patience, client.read_to_close()).await;
    }
}

/// Several streams on one connection, some reset at a random moment.
async fn http2(address: std::net::SocketAddr, mut random: Random) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        let _ = connection.await;
    });
    for _ in 0..4 {
        // A connection on which a body panicked is gone.
        let Ok(mut sender) = sender.clone().ready().await else {
            return;
        };
        let uri = format!("http://test{}", path(&mut random));
        let request = Request::builder().uri(uri).body(()).unwrap();
        let Ok((response, mut upstream)) = sender.send_request(request, false) else {
            return;
        };
        let patience = match random.below(2) {
            0 => Duration::from_secs(20),
            _ => Duration::from_millis(random.below(30)),
        };
        let whole = async {
            let mut body = response.await?.into_body();
            while let Some(data) = body.data().await {
                let length = data?.len();
                body.flow_control().release_capacity(length)?;
            }
            Ok::<_, h2::Error>(())
        };
        if timeout(patience, whole).await.is_err() {
            upstream.send_reset(h2::Reason::CANCEL);
        }
    }
}

/// Talks a little, then closes or vanishes.
async fn websocket(address: std::net::SocketAddr, mut random: Random) {
    let url = format!("ws://{address}/socket/{}", random.below(1000));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    for _ in 0..random.below(5) {
        socket.send("hello".into()).await.unwrap();
        socket.next().await.unwrap().unwrap();
    }
    if random.below(2) == 0 {
        socket.close(None).await.unwrap();
    }
}
