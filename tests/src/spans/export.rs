//! What a collector is told of exchanges, jobs, steps and spans.

use std::{io, time::Duration};

use axum::{Router, body::Body, http::Request, routing::get};
use monitor_layer::{
    Categorize, Monitor, Otlp, TraceContext, instrument_step, testing::TestMonitor,
};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use tracing::{Instrument as _, info_span};
use tracing_subscriber::{Layer as _, layer::SubscriberExt as _};

use crate::support::collector::{Answer, Collector, value};
use crate::support::{eventually, send_request};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const MINUTE: Duration = Duration::from_secs(60);

fn monitor(collector: &Collector) -> TestMonitor {
    TestMonitor::capture_events();
    TestMonitor::build("api", |builder| {
        collector.take_from(builder.version("1.2.3"))
    })
    .unwrap()
}

fn request(path: &str) -> Request<Body> {
    Request::get(path)
        .header("host", "shop.example:8443")
        .header("user-agent", "curl/8")
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .header("tracestate", "rojo=1,congo=2")
        .body(Body::empty())
        .unwrap()
}

#[instrument_step]
async fn render(fails: bool) -> Result<(), RenderError> {
    tracing::info!(frames = 7, "Rendering");
    match fails {
        true => Err(RenderError(io::Error::other("no disk"))),
        false => Ok(()),
    }
}

#[derive(Debug)]
struct RenderError(io::Error);

impl std::fmt::Display for RenderError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("no frame, password=abc: postgres://me:secret@db")
    }
}

impl std::error::Error for RenderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Categorize for RenderError {}

#[tokio::test]
async fn an_exchange_is_a_server_span_with_the_ids_of_its_lines() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector);
    let app: Router = Router::new()
        .route(
            "/jobs/{id}",
            get(async || {
                monitor_layer::current().user("u-1").tag("plan", "pro");
                tracing::warn!(attempt = 2, token = "abc", "Trying again");
                "a job"
            }),
        )
        .layer(monitor.layer());
    send_request(&app, request("/jobs/7?token=abc")).await;
    monitor.flush(MINUTE);

    let exported = collector.span("GET /jobs/{id}");
    let line = &monitor.lines()[2];
    assert_eq!(line["message"], "Request completed");
    assert_eq!(exported.trace_id(), TRACE);
    assert_eq!(exported.span_id(), line["spanId"]);
    assert_eq!(exported.parent(), CALLER);
    assert_eq!(exported.span.trace_state, "rojo=1,congo=2");
    assert_eq!(exported.span.kind, SpanKind::Server as i32);
    assert_eq!(exported.status(), 0);
    // Bit 8 says that bit 9 is known, bit 9 that the parent is remote.
    assert_eq!(exported.span.flags & 0x301, 0x301);
    for (key, expected) in [
        ("http.request.method", "GET"),
        ("http.route", "/jobs/{id}"),
        ("http.response.status_code", "200"),
        ("url.path", "/jobs/7"),
        ("url.scheme", "http"),
        ("server.address", "shop.example"),
        ("server.port", "8443"),
        ("network.protocol.version", "1.1"),
        ("user_agent.original", "curl/8"),
        ("user.id", "u-1"),
        ("plan", "pro"),
    ] {
        assert_eq!(exported.attribute(key).as_deref(), Some(expected), "{key}");
    }
    assert_eq!(exported.attribute("error.type"), None);
    let event = exported.event("Trying again");
    assert_eq!(value(&event.attributes, "attempt").as_deref(), Some("2"));
    assert_eq!(value(&event.attributes, "level").as_deref(), Some("warn"));
    assert_eq!(
        value(&event.attributes, "token").as_deref(),
        Some("[REDACTED]")
    );
    let took = exported.span.end_time_unix_nano - exported.span.start_time_unix_nano;
    let logged = line["metadata"]["durationMs"].as_f64().unwrap();
    assert!(
        (took as f64 / 1e6 - logged).abs() < 0.002,
        "{took} {logged}"
    );
}

#[tokio::test]
async fn the_resource_says_which_service_and_a_worker_s_spans_bear_its_name() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector);
    for (monitor, niche) in [
        (&*monitor, "api's"),
        (&monitor.worker("worker"), "worker's"),
    ] {
        let job = monitor.job("job-1").niche(niche);
        job.run(render(false)).await.unwrap();
    }
    monitor.flush(MINUTE);
    for (name, service) in [("job api's", "api"), ("job worker's", "worker")] {
        let span = collector.span(name);
        for (key, expected) in [
            ("service.name", service),
            ("service.version", "1.2.3"),
            ("deployment.environment.name", "test"),
            ("telemetry.sdk.name", "opentelemetry"),
            ("telemetry.sdk.language", "rust"),
        ] {
            assert_eq!(
                span.resource(key).as_deref(),
                Some(expected),
                "{name} {key}"
            );
        }
        assert_eq!(span.scope, "monitor-layer");
        assert_eq!(span.span.kind, SpanKind::Consumer as i32);
        assert_eq!(span.attribute("job.id").as_deref(), Some("job-1"));
    }
    let services: Vec<_> = collector
        .spans()
        .iter()
        .filter(|span| span.span.name == "render")
        .map(|span| span.resource("service.name").unwrap())
        .collect();
    assert_eq!(services.len(), 2, "{services:?}");
    assert!(services.contains(&"worker".to_owned()), "{services:?}");
}

#[tokio::test]
async fn a_failure_is_a_status_and_an_exception_without_its_secrets() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector);
    let job = monitor.job("job-1").niche("history");
    job.run(render(true)).await.unwrap_err();
    monitor.flush(MINUTE);
    let job = collector.span("job history");
    let step = collector.span("render");
    assert_eq!(step.parent(), job.span_id());
    assert_eq!(step.trace_id(), job.trace_id());
    assert_eq!(step.span.kind, SpanKind::Internal as i32);
    for span in [&step, &job] {
        assert_eq!(span.status(), 2);
        assert_eq!(span.attribute("error.type").as_deref(), Some("RenderError"));
        let exception = span.event("exception");
        let told = |key| value(&exception.attributes, key).unwrap();
        assert_eq!(told("exception.type"), "RenderError");
        assert!(told("exception.message").contains("[REDACTED]"));
        assert!(!told("exception.message").contains("secret"));
        assert_eq!(told("exception.stacktrace"), "Caused by: no disk");
    }
    let told = step.event("Rendering");
    assert_eq!(value(&told.attributes, "frames").as_deref(), Some("7"));
    assert!(
        job.span
            .events
            .iter()
            .all(|event| event.name != "Rendering")
    );
}

#[tokio::test]
async fn spans_of_the_user_s_own_are_exported_in_their_place() {
    #[tracing::instrument(fields(late = tracing::field::Empty))]
    async fn charge(amount: u64) -> u64 {
        tracing::Span::current().record("late", "text");
        tracing::error!(code = 7, "Declined");
        render(false).await.unwrap();
        amount
    }

    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector);
    let work = async {
        let first = info_span!("first", otel.kind = "client", otel.name = "GET pay");
        let second = info_span!("second");
        second.follows_from(&first);
        drop(first);
        charge(12).instrument(second).await;
        Ok::<_, io::Error>(())
    };
    monitor.job("job-1").run(work).await.unwrap();
    monitor.flush(MINUTE);
    let job = collector.span("job none");
    let first = collector.span("GET pay");
    let second = collector.span("second");
    let charge = collector.span("charge");
    let step = collector.span("render");
    assert_eq!(first.span.kind, SpanKind::Client as i32);
    assert_eq!(first.parent(), job.span_id());
    assert_eq!(second.parent(), job.span_id());
    assert_eq!(second.span.links[0].span_id, first.span.span_id);
    assert_eq!(charge.parent(), second.span_id());
    assert_eq!(step.parent(), charge.span_id());
    assert_eq!(charge.attribute("amount").as_deref(), Some("12"));
    assert_eq!(charge.attribute("late").as_deref(), Some("text"));
    assert_eq!(charge.status(), 2);
    assert_eq!(
        value(&charge.event("Declined").attributes, "code").as_deref(),
        Some("7")
    );
    assert_eq!(second.status(), 0);
    assert_eq!(collector.spans().len(), 5, "{:?}", collector.names());
}

#[tokio::test]
async fn panics_5xx_and_clients_that_leave_are_told_apart() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector);
    let app: Router = Router::new()
        .route(
            "/panics",
            get(async || -> &'static str { panic!("broken") }),
        )
        .route("/fails", get(async || axum::http::StatusCode::BAD_GATEWAY))
        .route("/missing", get(async || axum::http::StatusCode::NOT_FOUND))
        .route("/waits", get(async || std::future::pending::<()>().await))
        .layer(monitor.layer());
    for path in ["/panics", "/fails", "/missing", "/nowhere"] {
        send_request(&app, request(path)).await;
    }
    let waits = tower::ServiceExt::oneshot(app.clone(), request("/waits"));
    assert!(
        tokio::time::timeout(Duration::from_millis(20), waits)
            .await
            .is_err()
    );
    monitor.flush(MINUTE);
    let told = |name: &str| {
        let span = collector.span(name);
        let status = span.attribute("http.response.status_code");
        (
            span.status(),
            status,
            span.attribute("error.type"),
            span.span.events.len(),
        )
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(told("GET /panics"), (2, some("500"), some("panic"), 1));
    assert_eq!(told("GET /fails"), (2, some("502"), some("502"), 0));
    assert_eq!(told("GET /missing"), (0, some("404"), None, 0));
    assert_eq!(told("GET"), (0, some("404"), None, 0));
    assert_eq!(told("GET /waits"), (0, None, some("cancelled"), 0));
}

#[tokio::test]
async fn what_is_not_sampled_is_not_exported() {
    let collector = Collector::start(Answer::Fine);
    TestMonitor::capture_events();
    let monitor = TestMonitor::build("api", |builder| {
        collector.take_from(builder.sample_ratio(0.0))
    })
    .unwrap();
    for _ in 0..10 {
        let work = render(false).instrument(info_span!("span"));
        monitor.job("job-1").run(work).await.unwrap();
    }
    let sampled = TraceContext::from_carrier(
        [("traceparent", format!("00-{TRACE}-{CALLER}-01").as_str())].as_slice(),
        &monitor_layer::Sampler::default(),
    );
    let job = monitor.job("job-1").niche("sampled");
    let job = job.continue_from(&sampled.unwrap().to_carrier());
    job.run(async { Ok::<_, io::Error>(()) }).await.unwrap();
    monitor.flush(MINUTE);
    assert_eq!(collector.names(), ["job sampled"]);
}

#[tokio::test]
async fn the_collector_gets_the_headers_that_it_was_said_to_need() {
    let collector = Collector::start(Answer::Fine);
    let monitor = TestMonitor::build("api", |builder| {
        builder.otlp(collector.otlp().header("x-api-key", "k 7"))
    })
    .unwrap();
    let job = monitor.job("job-1");
    job.run(async { Ok::<_, io::Error>(()) }).await.unwrap();
    monitor.flush(MINUTE);
    let headers = collector.headers();
    assert_eq!(headers[0], "POST /v1/traces HTTP/1.1");
    for header in ["x-api-key: k 7", "content-type: application/x-protobuf"] {
        assert!(
            headers.iter().any(|line| line.eq_ignore_ascii_case(header)),
            "{headers:?}"
        );
    }
}

#[test]
fn an_endpoint_that_is_none_stops_the_start_and_says_why() {
    for bad in ["localhost:4318", "ftp://host", "http://me:s3cret@"] {
        let error = Monitor::builder("api")
            .otlp(Otlp::new(bad))
            .build()
            .unwrap_err();
        let said = error.to_string();
        assert!(said.contains("http://localhost:4318"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    let header = Otlp::new("http://localhost:4318").header("key", "s3cret\n");
    let error = Monitor::builder("api").otlp(header).build().unwrap_err();
    assert!(error.to_string().contains("key"), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn spans_go_out_by_themselves_before_long() {
    let collector = Collector::start(Answer::Fine);
    let monitor = monitor(&collector);
    monitor.job("job-1").run(render(false)).await.unwrap();
    eventually("the spans to come", || {
        (collector.spans().len() == 2).then_some(())
    })
    .await;
}

#[test]
fn two_layers_of_ours_in_one_subscriber_export_each_span_and_event_once() {
    type Layers = fn(&Monitor) -> tracing::Dispatch;
    let orders: [Layers; 4] = [
        |monitor| {
            let spans = tracing_subscriber::registry().with(monitor.span_layer());
            spans.with(monitor.log_layer()).into()
        },
        |monitor| {
            let log = tracing_subscriber::registry().with(monitor.log_layer());
            log.with(monitor.span_layer()).into()
        },
        |monitor| {
            let both = monitor.log_layer().and_then(monitor.span_layer());
            tracing_subscriber::registry().with(both).into()
        },
        |monitor| {
            let log = tracing_subscriber::registry().with(monitor.log_layer());
            let boxed: Box<dyn tracing::Subscriber + Send + Sync> =
                Box::new(log.with(monitor.span_layer()));
            boxed.into()
        },
    ];
    for layers in orders {
        let collector = Collector::start(Answer::Fine);
        let monitor = TestMonitor::build("api", |builder| collector.take_from(builder)).unwrap();
        tracing::dispatcher::with_default(&layers(&monitor), || {
            info_span!("alone", number = 7).in_scope(|| tracing::info!("Inside"));
        });
        monitor.flush(MINUTE);
        let span = collector.span("alone");
        assert_eq!(span.attribute("number").as_deref(), Some("7"));
        assert_eq!(span.span.events.len(), 1);
        let lines = monitor.lines();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["spanId"], span.span_id());
        assert_eq!(lines[0]["traceId"], span.trace_id());
    }
}
