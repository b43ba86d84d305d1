//! What a scrape answers to whom, and that it neither piles up nor takes the service along.

use std::{
    io::Read as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use futures_util::FutureExt as _;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use monitor_layer::{Monitor, testing::TestMonitor};
use prometheus::{
    IntGauge,
    core::{Collector, Desc},
    proto::MetricFamily,
};
use tower::ServiceExt as _;

use crate::support::{Client, eventually};

const PROTOBUF: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

async fn ask(monitor: &Monitor, method: Method, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri("/metrics");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response: Response<_> = monitor.endpoints().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    Answer {
        status: head.status,
        headers: head.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

async fn scrape(monitor: &Monitor, headers: &[(&str, &str)]) -> Answer {
    ask(monitor, Method::GET, headers).await
}

/// A collector of the user's own that does as it is told each time before it answers.
struct Own {
    gauge: IntGauge,
    collect: Box<dyn Fn() + Send + Sync>,
}

impl Own {
    fn register(monitor: &Monitor, collect: impl Fn() + Send + Sync + 'static) {
        let own = Self {
            gauge: IntGauge::new("own_gauge", "The user's own.").unwrap(),
            collect: Box::new(collect),
        };
        monitor.registry().register(Box::new(own)).unwrap();
    }
}

impl Collector for Own {
    fn desc(&self) -> Vec<&Desc> {
        self.gauge.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        (self.collect)();
        self.gauge.collect()
    }
}

/// A collector that hangs each time until it is let go on; one that is dropped hangs no more.
struct Hanging {
    entered: Arc<AtomicUsize>,
    go_on: mpsc::Sender<()>,
}

impl Hanging {
    fn register(monitor: &Monitor) -> Self {
        let entered = Arc::<AtomicUsize>::default();
        let (go_on, gate) = mpsc::channel();
        let gate = Mutex::new(gate);
        let entries = Arc::clone(&entered);
        Own::register(monitor, move || {
            entries.fetch_add(1, Ordering::SeqCst);
            let _ = gate.lock().unwrap().recv();
        });
        Self { entered, go_on }
    }

    fn entered(&self) -> usize {
        self.entered.load(Ordering::SeqCst)
    }

    async fn has_entered(&self, times: usize) {
        eventually("the collector to be asked", || {
            (self.entered() == times).then_some(())
        })
        .await;
    }

    fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }
}

#[tokio::test]
async fn the_format_is_the_one_that_is_accepted() {
    let monitor = TestMonitor::new("api");
    for (accept, expected) in [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("image/png", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        (
            PROTOBUF,
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        ),
    ] {
        let answer = scrape(&monitor, &[("accept", accept)]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), expected, "{accept}");
        assert_eq!(answer.header("vary"), "Accept, Accept-Encoding");
        assert_eq!(
            answer.header("content-length"),
            answer.body.len().to_string()
        );
        assert!(!answer.headers.contains_key("content-encoding"));
        assert!(!answer.body.is_empty());
    }
}

#[tokio::test]
async fn several_accept_lines_count_as_one() {
    let monitor = TestMonitor::new("api");
    let lines = [
        ("accept", "text/plain;q=0.5"),
        ("accept", "application/openmetrics-text"),
        ("accept-encoding", "br"),
        ("accept-encoding", "gzip"),
    ];
    let answer = scrape(&monitor, &lines).await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert_eq!(answer.header("content-encoding"), "gzip");
}

#[tokio::test]
async fn gzip_holds_the_same_text() {
    let monitor = TestMonitor::new("api");
    let packed = scrape(&monitor, &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.status, 200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(
        packed.header("content-length"),
        packed.body.len().to_string()
    );
    let mut text = String::new();
    GzDecoder::new(&packed.body[..])
        .read_to_string(&mut text)
        .unwrap();
    let plain = scrape(&monitor, &[("accept-encoding", "gzip;q=0")]).await;
    // Not what moves from one scrape to the next.
    let without_moving = |text: &str| {
        let stays = |line: &&str| {
            !["process_", "metrics_scrape_"]
                .iter()
                .any(|moving| line.contains(moving))
        };
        text.lines()
            .filter(stays)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(without_moving(&text), without_moving(plain.text()));
    assert!(text.contains("# TYPE http_requests_started_total counter"));
    assert_eq!(
        monitor.metric("metrics_scrape_size_bytes", []),
        plain.body.len() as f64
    );
    scrape(&monitor, &[("accept-encoding", "gzip")]).await;
    let told = monitor.metric("metrics_scrape_size_bytes", []);
    assert!(
        told > 2.0 * packed.body.len() as f64,
        "{told} is not the text's size"
    );
}

#[tokio::test]
async fn a_head_has_the_length_of_what_a_get_would_have() {
    let monitor = TestMonitor::new("api");
    // From the second scrape on there are numbers of the one before.
    scrape(&monitor, &[]).await;
    for headers in [&[][..], &[("accept-encoding", "gzip")]] {
        let head = ask(&monitor, Method::HEAD, headers).await;
        let get = scrape(&monitor, headers).await;
        assert_eq!((head.status.as_u16(), get.status.as_u16()), (200, 200));
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(
            head.headers.get("content-encoding"),
            get.headers.get("content-encoding")
        );
        let length: usize = head.header("content-length").parse().unwrap();
        // The process's own numbers move by some digits.
        assert!(length.abs_diff(get.body.len()) < 100, "{length}");
    }
}

#[tokio::test]
async fn scrapes_at_once_do_the_work_once() {
    let monitor = TestMonitor::new("api");
    let collector = Hanging::register(&monitor);
    let mut first = Box::pin(scrape(&monitor, &[]));
    let mut second = Box::pin(scrape(&monitor, &[("accept", "text/plain")]));
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(futures_util::poll!(&mut second).is_pending());
    collector.has_entered(1).await;
    collector.go_on();
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(first.body.as_ptr(), second.body.as_ptr());
    assert_eq!(collector.entered(), 1);

    // Who asks after it was answered has new numbers.
    collector.go_on();
    scrape(&monitor, &[]).await;
    assert_eq!(collector.entered(), 2);
}

#[tokio::test]
async fn scrapes_in_other_formats_wait_for_their_turn() {
    let monitor = TestMonitor::new("api");
    let collector = Hanging::register(&monitor);
    let accepts = ["text/plain", "application/openmetrics-text", PROTOBUF];
    let mut waiting: Vec<_> = Vec::new();
    for accept in accepts.iter().chain(&accepts) {
        let headers = [("accept", *accept)];
        let monitor = monitor.clone();
        let mut asked = Box::pin(async move { scrape(&monitor, &headers).await });
        assert!(futures_util::poll!(&mut asked).is_pending());
        waiting.push(asked);
    }
    for turn in 1..=accepts.len() {
        collector.has_entered(turn).await;
        collector.go_on();
    }
    for answer in futures_util::future::join_all(waiting).await {
        assert_eq!(answer.status, 200);
    }
    assert_eq!(collector.entered(), accepts.len());
}

#[tokio::test]
async fn who_leaves_takes_along_nothing_of_those_who_stay() {
    let monitor = TestMonitor::new("api");
    let collector = Hanging::register(&monitor);
    let mut leaving = Box::pin(scrape(&monitor, &[]));
    let mut staying = Box::pin(scrape(&monitor, &[]));
    assert!(futures_util::poll!(&mut leaving).is_pending());
    assert!(futures_util::poll!(&mut staying).is_pending());
    collector.has_entered(1).await;
    drop(leaving);
    collector.go_on();
    assert_eq!(staying.await.status, 200);
    assert_eq!(collector.entered(), 1);
}

#[tokio::test]
async fn a_collector_that_hangs_costs_one_thread_and_the_client_hears_of_it_in_time() {
    let monitor = TestMonitor::new("api");
    let collector = Hanging::register(&monitor);
    let limit = [("x-prometheus-scrape-timeout-seconds", "0.2")];
    for accept in ["text/plain", "text/plain", "application/openmetrics-text"] {
        let start = Instant::now();
        let answer = scrape(&monitor, &[("accept", accept), limit[0]]).await;
        assert_eq!(answer.status, 503);
        assert_eq!(
            answer.text(),
            "the metrics were not written in time; a collector may hang\n"
        );
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(collector.entered(), 1);
    let lines = monitor.lines();
    assert_eq!(lines.len(), 2, "one for each format: {lines:?}");
    assert_eq!(lines[0]["level"], "warn");
    assert_eq!(
        lines[0]["message"],
        "The metrics were not written within 190ms: a collector may hang"
    );

    // A later scrape joins the one that hangs.
    let mut later = Box::pin(scrape(&monitor, &[]));
    assert!(futures_util::poll!(&mut later).is_pending());
    collector.go_on();
    assert_eq!(later.await.status, 200);
    assert_eq!(collector.entered(), 1);
}

#[tokio::test]
async fn a_collector_that_panics_is_told_of_and_the_next_scrape_works() {
    let monitor = TestMonitor::new("api");
    let broken = Arc::new(AtomicUsize::new(1));
    let breaks = Arc::clone(&broken);
    Own::register(&monitor, move || {
        assert_eq!(
            breaks.swap(0, Ordering::SeqCst),
            0,
            "the collector is broken"
        );
    });
    let answer = scrape(&monitor, &[("accept-encoding", "gzip")]).await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.text(),
        "the metrics could not be written; the log says why\n"
    );
    assert!(!answer.headers.contains_key("content-encoding"));
    let message = monitor.lines()[0]["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("The metrics could not be written: a collector panicked:")
            && message.contains("the collector is broken"),
        "{message}"
    );
    let answer = scrape(&monitor, &[]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("own_gauge 0"));
}

#[test]
fn without_a_runtime_the_answer_is_503() {
    let monitor = TestMonitor::new("api");
    let answer = scrape(&monitor, &[]).now_or_never().unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.text(),
        "the metrics cannot be written now; the service may be shutting down\n"
    );
}

#[test]
fn once_the_runtime_has_shut_down_the_answer_is_503_and_a_later_runtime_answers() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let monitor = TestMonitor::new("api");
    let shut_down = runtime();
    assert_eq!(shut_down.block_on(scrape(&monitor, &[])).status, 200);
    let handle = shut_down.handle().clone();
    // Waits for its threads, and so for the renderer to be over.
    drop(shut_down);
    let entered = handle.enter();
    let answer = scrape(&monitor, &[]).now_or_never().unwrap();
    assert_eq!(answer.status, 503);
    drop(entered);
    assert_eq!(runtime().block_on(scrape(&monitor, &[])).status, 200);
}

#[test]
fn a_runtime_without_timers_scrapes_all_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let monitor = TestMonitor::new("api");
    assert_eq!(runtime.block_on(scrape(&monitor, &[])).status, 200);
}

#[tokio::test]
async fn over_a_socket_a_hanging_collector_holds_up_no_other_endpoint() {
    let monitor = TestMonitor::new("api");
    let collector = Hanging::register(&monitor);
    let serving = monitor.serve_endpoints("127.0.0.1:0").await.unwrap();
    let mut scraping = Client::connect(serving.address()).await;
    scraping.send("GET /metrics").await;
    collector.has_entered(1).await;
    let mut asking = Client::connect(serving.address()).await;
    asking.send("GET /health").await;
    asking.read_until(r#""status":"ok""#).await;
    let mut hurried = Client::connect(serving.address()).await;
    hurried
        .send_raw(b"GET /metrics HTTP/1.1\r\nhost: test\r\nx-prometheus-scrape-timeout-seconds: 0.05\r\n\r\n")
        .await;
    hurried.read_until("503 Service Unavailable").await;
    collector.go_on();
    scraping.read_until("own_gauge 0").await;
    assert_eq!(collector.entered(), 1);
}

#[tokio::test]
async fn over_a_socket_a_head_is_followed_by_the_next_answer_at_once() {
    let monitor = TestMonitor::new("api");
    let serving = monitor.serve_endpoints("127.0.0.1:0").await.unwrap();
    let mut client = Client::connect(serving.address()).await;
    client.send("HEAD /metrics").await;
    let head = client.read_until("\r\n\r\n").await;
    assert_eq!(head.matches("content-length: ").count(), 1, "{head}");
    assert!(!head.contains("content-length: 0"), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    client.send("GET /health").await;
    let next = client.read_until(r#""status":"ok""#).await;
    assert!(next.starts_with("HTTP/1.1 200"), "{next}");
}

#[tokio::test]
async fn a_hostile_accept_header_gets_text() {
    let monitor = TestMonitor::new("api");
    let serving = monitor.serve_endpoints("127.0.0.1:0").await.unwrap();
    let mut client = Client::connect(serving.address()).await;
    let mut request = b"GET /metrics HTTP/1.1\r\nhost: test\r\naccept: ".to_vec();
    request.extend(b",;\"\xff\\q=".repeat(2_500));
    request.extend(b"\r\n\r\n");
    client.send_raw(&request).await;
    client.read_until("text/plain; version=0.0.4").await;
}
