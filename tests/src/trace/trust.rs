//! Whose traces go on here, and what becomes of the others'.

use std::net::SocketAddr;

use axum::{Router, body::Body, extract::ConnectInfo, routing::get};
use http::Request;
use monitor_layer::{
    PeerAddress, Sampler, TraceContext, TraceContextLayer, Trust, TrustPolicy, testing::TestMonitor,
};

use super::calls::{SPAN, TRACE};
use crate::support::{Client, send_request};

/// What a handler's context says: whether it continues the caller's trace, whether it is linked to it, and its flags.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    continued: bool,
    linked: bool,
    sampled: bool,
}

const CONTINUED: Seen = Seen {
    continued: true,
    linked: false,
    sampled: true,
};
const LINKED: Seen = Seen {
    continued: false,
    linked: true,
    sampled: false,
};
const IGNORED: Seen = Seen {
    continued: false,
    linked: false,
    sampled: false,
};

fn routes() -> Router {
    let handler = get(async || {
        let context = TraceContext::current().unwrap();
        let link = context.link();
        let link = link.map(|link| format!("{} {}", link.trace_id, link.span_id));
        let sampled = context.is_sampled();
        format!(
            "{}|{}|{sampled}",
            context.trace_id(),
            link.unwrap_or_default()
        )
    });
    Router::new()
        .route("/jobs/{id}", handler.clone())
        .route("/public/jobs", handler.clone())
        .route("/publications", handler)
}

/// A service that samples no trace of its own.
fn app(policy: impl Into<TrustPolicy>) -> Router {
    let sampler = Sampler::ratio(0.0).unwrap();
    routes().layer(TraceContextLayer::new(sampler).trust(policy))
}

fn request(path: &str) -> http::request::Builder {
    Request::get(path).header("traceparent", format!("00-{TRACE}-{SPAN}-01"))
}

async fn seen(app: &Router, request: http::request::Builder) -> Seen {
    let request = request.body(Body::empty()).unwrap();
    let answer = send_request(app, request).await;
    let [trace, link, sampled] = answer
        .text
        .split('|')
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert_eq!(answer.headers["x-trace-id"], trace);
    let linked = !link.is_empty();
    assert!(!linked || link == format!("{TRACE} {SPAN}"), "{link}");
    Seen {
        continued: trace == TRACE,
        linked,
        sampled: sampled == "true",
    }
}

#[tokio::test]
async fn everybody_is_trusted_unless_a_policy_says_otherwise() {
    let app = routes().layer(TraceContextLayer::new(Sampler::ratio(0.0).unwrap()));
    assert_eq!(seen(&app, request("/jobs/7")).await, CONTINUED);
}

#[tokio::test]
async fn who_is_not_trusted_neither_names_nor_forces_a_trace() {
    assert_eq!(seen(&app(Trust::Link), request("/jobs/7")).await, LINKED);
    assert_eq!(seen(&app(Trust::Ignore), request("/jobs/7")).await, IGNORED);
}

#[tokio::test]
async fn who_is_not_trusted_cannot_keep_a_trace_from_being_recorded() {
    let sampler = Sampler::ratio(1.0).unwrap();
    let app = routes().layer(TraceContextLayer::new(sampler).trust(Trust::Link));
    let unsampled = Request::get("/jobs/7").header("traceparent", format!("00-{TRACE}-{SPAN}-00"));
    assert!(seen(&app, unsampled).await.sampled);
}

#[tokio::test]
async fn the_first_rule_that_fits_decides() {
    let policy = TrustPolicy::new(Trust::Ignore)
        .path("/public", Trust::Link)
        .route("/public/jobs", Trust::Continue)
        .route("/jobs/{id}", Trust::Continue);
    let app = app(policy);
    assert_eq!(seen(&app, request("/public/jobs")).await, LINKED);
    assert_eq!(seen(&app, request("/jobs/7")).await, CONTINUED);
    assert_eq!(seen(&app, request("/publications")).await, IGNORED);
}

#[tokio::test]
async fn peers_are_told_apart_by_their_network() {
    let policy =
        TrustPolicy::new(Trust::Link).network("10.0.0.0/8".parse().unwrap(), Trust::Continue);
    let app = app(policy);
    for (peer, expected) in [
        ("10.1.2.3:80", CONTINUED),
        ("[::ffff:10.1.2.3]:80", CONTINUED),
        ("11.1.2.3:80", LINKED),
        ("[::1]:80", LINKED),
    ] {
        let peer: SocketAddr = peer.parse().unwrap();
        let by_axum = request("/jobs/7").extension(ConnectInfo(peer));
        assert_eq!(seen(&app, by_axum).await, expected, "{peer}");
        let own = request("/jobs/7").extension(PeerAddress::from(peer));
        assert_eq!(seen(&app, own).await, expected, "{peer}");
    }
    // Nobody knows who it is: none of the networks.
    let forwarded = request("/jobs/7").header("x-forwarded-for", "10.1.2.3");
    assert_eq!(seen(&app, forwarded).await, LINKED);
}

#[tokio::test]
async fn a_real_peer_is_told_by_axum_s_connect_info() {
    for (network, continued) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        let policy =
            TrustPolicy::new(Trust::Link).network(network.parse().unwrap(), Trust::Continue);
        let app = app(policy).into_make_service_with_connect_info::<SocketAddr>();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let mut client = Client::connect(address).await;
        let traceparent = format!("traceparent: 00-{TRACE}-{SPAN}-01");
        let head = format!("GET /jobs/7 HTTP/1.1\r\nhost: test\r\n{traceparent}\r\n\r\n");
        client.send_raw(head.as_bytes()).await;
        let answer = client.read_until("\r\n\r\n").await;
        assert_eq!(answer.contains(&format!("x-trace-id: {TRACE}")), continued);
        serving.abort();
    }
}

#[tokio::test]
async fn a_function_decides_or_leaves_it_to_what_follows() {
    let policy = TrustPolicy::new(Trust::Link).decide_by(|request| {
        let partner = request.headers.get("x-partner")?;
        Some(match partner.as_bytes() {
            b"known" => Trust::Continue,
            _ => Trust::Ignore,
        })
    });
    let app = app(policy);
    for (partner, expected) in [("known", CONTINUED), ("other", IGNORED)] {
        let request = request("/jobs/7").header("x-partner", partner);
        assert_eq!(seen(&app, request).await, expected, "{partner}");
    }
    assert_eq!(seen(&app, request("/jobs/7")).await, LINKED);
}

#[tokio::test]
async fn a_function_that_panics_is_counted_and_trusts_nobody() {
    let monitor = TestMonitor::build("api", |builder| builder.sample_ratio(0.0)).unwrap();
    let policy = TrustPolicy::default().decide_by(|_| panic!("no opinion"));
    let app = routes().layer(monitor.layer().trust(policy));
    assert_eq!(seen(&app, request("/jobs/7")).await, IGNORED);
    let dropped = monitor.metric("telemetry_dropped_total", [("signal", "observers")]);
    assert_eq!(dropped, 1.0);
}

#[tokio::test]
async fn an_untrusted_x_trace_id_is_kept_beside_our_own_or_not_at_all() {
    for (trust, kept) in [(Trust::Link, Some(TRACE)), (Trust::Ignore, None)] {
        let monitor = TestMonitor::new("api");
        let app = routes().layer(monitor.layer().trust(trust));
        let request = Request::get("/jobs/7").header("x-trace-id", TRACE);
        let answer = send_request(&app, request.body(Body::empty()).unwrap()).await;
        assert_ne!(answer.headers["x-trace-id"], TRACE);
        let lines = monitor.lines();
        assert_eq!(lines[1]["metadata"]["clientTraceId"].as_str(), kept);
    }
}

#[tokio::test]
async fn a_linked_trace_takes_over_no_tracestate_and_its_children_have_no_link() {
    let app: Router = Router::new()
        .route(
            "/",
            get(async || {
                let context = TraceContext::current().unwrap();
                assert!(context.link().is_some());
                assert_eq!(context.child().link(), None);
                let mut sent = http::HeaderMap::new();
                context.inject(&mut sent);
                format!("{}", sent.contains_key("tracestate"))
            }),
        )
        .layer(TraceContextLayer::new(Sampler::default()).trust(Trust::Link));
    let request = request("/").header("tracestate", "vendor=1");
    let answer = send_request(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.text, "false");
}

#[tokio::test]
async fn the_outermost_layer_decides_for_those_further_in() {
    let monitor = TestMonitor::new("api");
    let sampler = Sampler::ratio(0.0).unwrap();
    let app = routes()
        .layer(monitor.layer())
        .layer(TraceContextLayer::new(sampler).trust(Trust::Link));
    assert_eq!(seen(&app, request("/jobs/7")).await, LINKED);
}
