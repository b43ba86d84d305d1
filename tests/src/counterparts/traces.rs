//! What an OpenTelemetry collector makes of the demo's traces: what it sends on is what was meant.

use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};

use crate::{
    collector::{Answer, Collector, Exported, value},
    parts::{Demo, Http, Rotel, program, until},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const TRACESTATE: &str = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";

/// Asks the demo for a video as part of a caller's trace; gives the job's id.
async fn ask(http: &Http, demo: &Demo, script: &str) -> String {
    let job = json!({"title": "Salt", "niche": "history", "user": "u-1", "script": script});
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}/jobs", demo.url))
        .header("content-type", "application/json")
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .header("tracestate", TRACESTATE)
        .body(Full::from(job.to_string()).boxed_unsync());
    let answer = http.send(request.unwrap()).await.unwrap();
    assert_eq!(answer.headers["x-trace-id"], TRACE);
    answer.json()["jobId"].as_str().unwrap().to_owned()
}

async fn ended(http: &Http, demo: &Demo, id: &str, status: &str) {
    until("the job to end", async || {
        let answer = http.get(&format!("{}/jobs/{id}", demo.url)).await?;
        match answer.json()["status"].as_str() {
            Some(now) if now == status => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

/// The line with this message of this job.
fn line<'a>(lines: &'a [Value], message: &str, job: &str) -> &'a Value {
    let mut found = lines
        .iter()
        .filter(|line| line["message"] == message && line["jobId"] == job);
    found.next().unwrap_or_else(|| panic!("{message} of {job}"))
}

fn span_of<'a>(spans: &'a [Exported], line: &Value) -> &'a Exported {
    let id = line["spanId"].as_str().unwrap();
    let mut found = spans.iter().filter(|span| span.span_id() == id);
    let span = found.next().unwrap_or_else(|| panic!("{line}"));
    assert!(found.next().is_none(), "{id} came once");
    assert_eq!(span.trace_id(), line["traceId"]);
    span
}

#[tokio::test]
async fn a_request_through_api_queue_and_worker_is_one_trace_at_a_collector() {
    let Some(binary) = program("rotel-agent") else {
        return;
    };
    let sink = Collector::start(Answer::Fine);
    let rotel = Rotel::start(&binary, sink.address).await;
    let mut demo = Demo::start_with(&[
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://{}", rotel.address),
        ),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.namespace=shop".to_owned(),
        ),
        ("APP_ENV", "staging".to_owned()),
    ])
    .await;
    let http = Http::new();
    let good = ask(&http, &demo, "Salt was money.\n\nThen it was not.").await;
    ended(&http, &demo, &good, "COMPLETED").await;
    let bad = ask(&http, &demo, "[image: missing.gif]").await;
    ended(&http, &demo, &bad, "FAILED").await;
    let exemplars = exemplars(&http, &demo).await;
    demo.terminate();
    assert!(demo.stopped().await, "what waits is sent before it stops");

    let lines = demo.lines();
    let wanted: Vec<_> = [
        ("Request completed", &good),
        ("Job completed", &good),
        ("Request completed", &bad),
        ("Job failed", &bad),
        ("Step failed", &bad),
    ]
    .map(|(message, job)| line(&lines, message, job))
    .to_vec();
    let spans = until("the spans to come through", async || {
        let spans = sink.spans();
        let came = |line: &&Value| spans.iter().any(|span| span.span_id() == line["spanId"]);
        match wanted.iter().all(came) {
            true => Ok(spans),
            false => Err(format!("{} spans", spans.len())),
        }
    })
    .await;

    for job in [&good, &bad] {
        let request = span_of(&spans, line(&lines, "Request completed", job));
        assert_eq!(request.trace_id(), TRACE);
        assert_eq!(request.parent(), CALLER);
        assert_eq!(request.span.name, "POST /jobs");
        assert_eq!(request.span.kind, SpanKind::Server as i32);
        assert_eq!(request.span.trace_state, TRACESTATE);
        assert_eq!(request.status(), 0);
        assert_eq!(
            request.attribute("http.response.status_code").as_deref(),
            Some("202")
        );
        assert_eq!(request.resource("service.name").as_deref(), Some("api"));
        let message = if *job == good {
            "Job completed"
        } else {
            "Job failed"
        };
        let run = span_of(&spans, line(&lines, message, job));
        assert_eq!(run.trace_id(), TRACE);
        assert_eq!(run.parent(), request.span_id(), "by way of the queue");
        assert_eq!(run.span.kind, SpanKind::Consumer as i32);
        assert_eq!(run.span.trace_state, TRACESTATE);
        assert_eq!(run.attribute("job.id").as_ref(), Some(job));
        for (key, expected) in [
            ("service.name", "worker"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("service.namespace", "shop"),
            ("deployment.environment.name", "staging"),
            ("telemetry.sdk.language", "rust"),
        ] {
            assert_eq!(run.resource(key).as_deref(), Some(expected), "{key}");
        }
        let steps = lines.iter().filter(|line| {
            let message = line["message"].as_str().unwrap();
            line["jobId"] == **job && matches!(message, "Step completed" | "Step failed")
        });
        let mut count = 0;
        for told in steps {
            let step = span_of(&spans, told);
            assert_eq!(step.span.name, told["metadata"]["step"]);
            assert_eq!(step.parent(), told["metadata"]["parentSpanId"]);
            assert_eq!(step.span.kind, SpanKind::Internal as i32);
            assert_eq!(step.status(), if told["level"] == "error" { 2 } else { 0 });
            count += 1;
        }
        assert!(count > 0);
    }
    let failed = span_of(&spans, line(&lines, "Step failed", &bad));
    let exception = failed.event("exception");
    assert_eq!(
        value(&exception.attributes, "exception.type").as_deref(),
        Some("PipelineError")
    );
    assert_eq!(
        span_of(&spans, line(&lines, "Job failed", &bad)).status(),
        2
    );
    assert!(!exemplars.is_empty());
    for (trace, span) in exemplars {
        let known = spans
            .iter()
            .any(|exported| exported.trace_id() == trace && exported.span_id() == span);
        assert!(known, "the exemplar {trace} {span} is a span");
    }
}

/// Trace and span id of each exemplar that the demo shows of its requests, steps and jobs.
async fn exemplars(http: &Http, demo: &Demo) -> Vec<(String, String)> {
    let request = Request::get(format!("{}/metrics", demo.url))
        .header("accept", "application/openmetrics-text;version=1.0.0")
        .body(Full::default().boxed_unsync());
    let answer = http.send(request.unwrap()).await.unwrap();
    let text = std::str::from_utf8(&answer.bytes).unwrap();
    let label = |exemplar: &str, name: &str| {
        let (_, rest) = exemplar.split_once(&format!("{name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    text.lines()
        .filter_map(|line| line.split_once(" # "))
        .map(|(_, exemplar)| (label(exemplar, "trace_id"), label(exemplar, "span_id")))
        .collect()
}
