//! Labels of one's own on the metrics of each request.

use std::{borrow::Cow, convert::Infallible};

use axum::{Router, body::Body, middleware::map_response, routing::get};
use http::{HeaderMap, HeaderValue, Request, Response};
use monitor_layer::{
    ExchangeLayer, HttpMetrics, HttpMetricsBuilder, LabelValues, testing::TestMonitor,
};
use prometheus::Registry;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{Form, measured, scrape, statuses, text_of, value};
use crate::support::send_request;

const NAMES: [&str; 2] = ["http_requests_total", "http_request_duration_seconds_count"];
const PLANS: LabelValues = LabelValues::Closed(&["free", "pro"]);

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    Some(headers.get(name)?.to_str().ok()?.into())
}

fn by_plan(values: LabelValues) -> HttpMetricsBuilder {
    HttpMetrics::builder().request_label("plan", values, |request| header(request.headers, "plan"))
}

fn request(plan: Option<&str>, status: u16) -> Request<Body> {
    let mut request = Request::get(format!("/answer/{status}"));
    if let Some(plan) = plan {
        request = request.header("plan", plan);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn declared_values_are_told_apart_and_others_are_other() {
    let registry = Registry::new();
    let app = measured(by_plan(PLANS), &registry);
    for plan in ["free", "pro", "pro", "gold", "platinum", "_other", "FREE"] {
        send_request(&app, request(Some(plan), 200)).await;
    }
    for plan in [None, Some("")] {
        send_request(&app, request(plan, 200)).await;
    }
    let read = text_of(&registry);
    for (plan, count) in [("free", 1.0), ("pro", 2.0), ("_other", 4.0), ("", 2.0)] {
        let labels = [("plan", plan), ("status", "200")];
        for name in NAMES {
            assert_eq!(value(&read, name, &labels), Some(count), "{name} {plan:?}");
        }
    }
    let plans = read.label_values("http_requests_total", "plan");
    assert!(
        plans
            .iter()
            .all(|plan| ["", "_other", "free", "pro"].contains(plan))
    );
}

#[tokio::test]
async fn open_values_count_as_other_past_their_budget_and_that_is_told() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.http_metrics(by_plan(LabelValues::Budget(2)))
    })
    .unwrap();
    let app = statuses().layer(monitor.layer()).with_state(());
    for plan in ["a", "b", "c", "d", "a", "c"] {
        send_request(&app, request(Some(plan), 200)).await;
    }
    for form in Form::ALL {
        let read = scrape(&monitor, form).await;
        for (plan, count) in [("a", 2.0), ("_other", 3.0)] {
            let labels = [("plan", plan), ("status", "200")];
            for name in NAMES {
                assert_eq!(value(&read, name, &labels), Some(count), "{form:?} {plan}");
            }
        }
        let overflow = [
            ("metric", "http_request_duration_seconds"),
            ("label", "plan"),
        ];
        let overflows = value(&read, "metrics_label_overflow_total", &overflow);
        assert_eq!(overflows, Some(3.0), "{form:?}");
    }
}

#[tokio::test]
async fn the_value_other_and_what_is_past_the_budget_are_one_series() {
    let registry = Registry::new();
    let app = measured(by_plan(LabelValues::Budget(1)), &registry);
    for plan in ["a", "b", "_other"] {
        send_request(&app, request(Some(plan), 200)).await;
    }
    let labels = [("plan", "_other"), ("status", "200")];
    // The reader refuses a series that is there twice.
    let counted = value(&text_of(&registry), NAMES[0], &labels);
    assert_eq!(counted, Some(2.0));
}

#[tokio::test]
async fn an_overflow_names_the_metric_as_it_is_shown() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.http_metrics(by_plan(LabelValues::Budget(1)).namespace("shop"))
    })
    .unwrap();
    let app = statuses().layer(monitor.layer()).with_state(());
    for plan in ["a", "b"] {
        send_request(&app, request(Some(plan), 200)).await;
    }
    let overflow = [
        ("metric", "shop_http_request_duration_seconds"),
        ("label", "plan"),
    ];
    assert_eq!(
        monitor.metric("metrics_label_overflow_total", overflow),
        1.0
    );
}

#[tokio::test]
async fn a_value_that_is_seen_has_its_failures_at_0() {
    let registry = Registry::new();
    let app = measured(by_plan(PLANS), &registry);
    send_request(&app, request(Some("pro"), 200)).await;
    let read = text_of(&registry);
    for status in ["500", "502", "503", "504"] {
        let labels = [("plan", "pro"), ("status", status)];
        assert_eq!(value(&read, NAMES[0], &labels), Some(0.0), "{status}");
        assert_eq!(value(&read, NAMES[1], &labels), None, "{status}");
    }
}

fn by_cache() -> HttpMetricsBuilder {
    let values = LabelValues::Closed(&["hit", "miss"]);
    HttpMetrics::builder().response_label("cache", values, |response| {
        header(response.headers, "x-cache")
    })
}

/// Answers with what is in a cache.
fn cached() -> Router {
    statuses().layer(map_response(async |mut response: Response<Body>| {
        let hit = HeaderValue::from_static("hit");
        response.headers_mut().insert("x-cache", hit);
        response
    }))
}

#[tokio::test]
async fn a_label_is_read_from_the_response() {
    let registry = Registry::new();
    let app = cached().layer(ExchangeLayer::new(by_cache().register(&registry).unwrap()));
    send_request(&app, request(None, 200)).await;
    let labels = [("cache", "hit"), ("status", "200")];
    for name in NAMES {
        assert_eq!(value(&text_of(&registry), name, &labels), Some(1.0));
    }
}

#[tokio::test]
async fn a_response_s_value_that_is_seen_has_its_failures_at_0() {
    let registry = Registry::new();
    let app = cached().layer(ExchangeLayer::new(by_cache().register(&registry).unwrap()));
    send_request(&app, request(None, 200)).await;
    let read = text_of(&registry);
    for status in ["500", "502", "503", "504"] {
        let labels = [("cache", "hit"), ("status", status)];
        assert_eq!(value(&read, NAMES[0], &labels), Some(0.0), "{status}");
    }
}

#[tokio::test]
async fn without_a_head_a_response_s_label_is_empty() {
    let registry = Registry::new();
    let layer = ExchangeLayer::new(by_cache().register(&registry).unwrap());
    let hangs = layer.layer(service_fn(|_: Request<Body>| {
        std::future::pending::<Result<Response<Body>, Infallible>>()
    }));
    let mut call = Box::pin(hangs.oneshot(request(None, 200)));
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    let labels = [("cache", ""), ("status", "499"), ("route", "unmatched")];
    for name in NAMES {
        assert_eq!(value(&text_of(&registry), name, &labels), Some(1.0));
    }
}

#[tokio::test]
async fn a_label_that_panics_is_empty_and_the_request_is_answered_and_counted() {
    let registry = Registry::new();
    let builder = HttpMetrics::builder()
        .request_label("plan", PLANS, |_| panic!("no plan"))
        .response_label("cache", LabelValues::Budget(5), |_| panic!("no cache"));
    let app = measured(builder, &registry);
    assert_eq!(send_request(&app, request(None, 204)).await.status, 204);
    let read = text_of(&registry);
    let labels = [("plan", ""), ("cache", ""), ("status", "204")];
    for name in NAMES {
        assert_eq!(value(&read, name, &labels), Some(1.0), "{name}");
    }
    let completed = [("outcome", "completed")];
    let completed = value(&read, "http_request_outcomes_total", &completed);
    assert_eq!(completed, Some(1.0));
}

#[tokio::test]
async fn two_labels_of_one_s_own_make_a_series_for_each_pair() {
    let registry = Registry::new();
    let builder = by_plan(PLANS).request_label("tenant", LabelValues::Budget(9), |request| {
        header(request.headers, "tenant")
    });
    let app = measured(builder, &registry);
    let pairs = [("free", "a"), ("free", "b"), ("pro", "a"), ("free", "a")];
    for (plan, tenant) in pairs {
        let mut asking = request(Some(plan), 200);
        asking
            .headers_mut()
            .insert("tenant", HeaderValue::from_static(tenant));
        send_request(&app, asking).await;
    }
    let read = text_of(&registry);
    for (plan, tenant, count) in [("free", "a", 2.0), ("free", "b", 1.0), ("pro", "a", 1.0)] {
        let labels = [("plan", plan), ("tenant", tenant), ("status", "200")];
        assert_eq!(value(&read, NAMES[0], &labels), Some(count));
    }
    let labels = [("plan", "pro"), ("tenant", "b")];
    assert_eq!(value(&read, NAMES[0], &labels), None);
}

#[tokio::test]
async fn pairs_of_values_past_a_thousand_are_other_and_counted() {
    let http = HttpMetrics::builder()
        .request_label("one", LabelValues::Budget(200), |request| {
            header(request.headers, "one")
        })
        .request_label("two", LabelValues::Budget(200), |request| {
            header(request.headers, "two")
        });
    let monitor = TestMonitor::build("api", |builder| builder.http_metrics(http)).unwrap();
    let app = Router::new()
        .route("/answer", get(async || "an answer"))
        .layer(monitor.layer());
    for pair in 0..1_600 {
        let request = Request::get("/answer")
            .header("one", format!("one-{}", pair % 40))
            .header("two", format!("two-{}", pair / 40));
        send_request(&app, request.body(Body::empty()).unwrap()).await;
    }
    let count =
        |labels: &[(&str, &str)]| monitor.metric("http_requests_total", labels.iter().copied());
    assert_eq!(count(&[("one", "_other"), ("two", "_other")]), 600.0);
    assert_eq!(count(&[]), 1_600.0);
    let overflows = monitor.metric("metrics_label_overflow_total", [("label", "two")]);
    assert!(overflows >= 600.0, "{overflows}");
}

#[tokio::test]
async fn a_value_that_is_a_whole_text_is_other() {
    let registry = Registry::new();
    let app = measured(by_plan(LabelValues::Budget(10)), &registry);
    send_request(&app, request(Some(&"x".repeat(128)), 200)).await;
    send_request(&app, request(Some(&"x".repeat(129)), 200)).await;
    let read = text_of(&registry);
    for plan in ["x".repeat(128).as_str(), "_other"] {
        let labels = [("plan", plan), ("status", "200")];
        assert_eq!(value(&read, "http_requests_total", &labels), Some(1.0));
    }
}
