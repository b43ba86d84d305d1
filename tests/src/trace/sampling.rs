//! Which traces are recorded, and that it is decided before anything of them is built.

use axum::{Router, body::Body, routing::get};
use http::{Method, Request};
use monitor_layer::{RouteLayer, TraceContext, testing::TestMonitor};
use tower::ServiceExt as _;

use super::calls::{SPAN, TRACE};
use crate::support::{send, send_request};

async fn sampled() -> String {
    TraceContext::current().unwrap().is_sampled().to_string()
}

fn routes() -> Router {
    Router::new()
        .route("/jobs/{id}", get(sampled))
        .route("/checkout/{id}", get(sampled))
        .route("/health", get(sampled))
}

fn monitor(ratio: f64) -> TestMonitor {
    TestMonitor::build("api", |builder| {
        builder
            .sample_ratio(ratio)
            .sample_route("/checkout/{id}", 1.0 - ratio)
    })
    .unwrap()
}

#[tokio::test]
async fn a_route_has_its_own_ratio() {
    for ratio in [0.0, 1.0] {
        let app = routes().layer(monitor(ratio).layer());
        let job = send(&app, Method::GET, "/jobs/7").await;
        assert_eq!(job.text, (ratio == 1.0).to_string());
        let checkout = send(&app, Method::GET, "/checkout/7").await;
        assert_eq!(checkout.text, (ratio == 0.0).to_string());
    }
}

#[tokio::test]
async fn a_route_that_is_named_further_in_is_too_late_for_its_own_ratio() {
    let inner = routes().route_layer(RouteLayer::new());
    let app = Router::new()
        .nest_service("/api", inner)
        .layer(monitor(0.0).layer());
    let checkout = send(&app, Method::GET, "/api/checkout/7").await;
    assert_eq!(checkout.text, "false");
}

#[tokio::test]
async fn a_caller_s_decision_is_respected_whatever_the_ratio() {
    let app = routes().layer(monitor(0.0).layer());
    for (path, flags, sampled) in [
        ("/jobs/7", "01", "true"),
        ("/jobs/7", "00", "false"),
        ("/checkout/7", "00", "false"),
    ] {
        let request = Request::get(path)
            .header("traceparent", format!("00-{TRACE}-{SPAN}-{flags}"))
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            send_request(&app, request).await.text,
            sampled,
            "{path} {flags}"
        );
    }
}

#[tokio::test]
async fn callers_cannot_have_more_than_100_traces_a_second_recorded() {
    let app = routes().layer(monitor(0.0).layer());
    let start = std::time::Instant::now();
    let mut sampled = 0;
    for _ in 0..1_000 {
        let request = Request::get("/jobs/7")
            .header("traceparent", format!("00-{TRACE}-{SPAN}-01"))
            .body(Body::empty())
            .unwrap();
        sampled += u64::from(send_request(&app, request).await.text == "true");
    }
    let seconds = start.elapsed().as_secs() + 2;
    assert!((100..=100 * seconds).contains(&sampled), "{sampled}");
    // Past the limit our own ratio decides.
    let checkout = send(&app, Method::GET, "/checkout/7").await;
    assert_eq!(checkout.text, "true");
}

#[tokio::test]
async fn probes_of_the_monitor_s_are_never_sampled_and_a_user_s_own_are() {
    // Asks what the exchange's scope says once the endpoint was called.
    #[derive(Clone)]
    struct Ask<S>(S);

    impl<S: tower::Service<Request<Body>>> tower::Service<Request<Body>> for Ask<S> {
        type Response = S::Response;
        type Error = S::Error;
        type Future = S::Future;

        fn poll_ready(
            &mut self,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), S::Error>> {
            self.0.poll_ready(context)
        }

        fn call(&mut self, request: Request<Body>) -> S::Future {
            let is_sampled = || TraceContext::current().unwrap().is_sampled();
            assert!(is_sampled());
            let answer = self.0.call(request);
            assert!(!is_sampled());
            answer
        }
    }

    let monitor = TestMonitor::new("api");
    for path in ["/metrics", "/health", "/ready"] {
        let app: Router = Router::new()
            .fallback_service(Ask(monitor.endpoints()))
            .layer(monitor.layer());
        let request = Request::get(path)
            .header("traceparent", format!("00-{TRACE}-{SPAN}-01"))
            .body(Body::empty())
            .unwrap();
        assert_eq!(send_request(&app, request).await.status, 200, "{path}");
    }
    let app = routes().layer(monitor.layer());
    assert_eq!(send(&app, Method::GET, "/health").await.text, "true");
}

#[tokio::test]
async fn a_job_that_asks_an_endpoint_stays_sampled() {
    let monitor = TestMonitor::new("worker");
    let endpoints = monitor.endpoints();
    let job = monitor.job("job-1").run(async {
        let request = Request::get("/health").body(Body::empty()).unwrap();
        let answer = endpoints.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        Ok::<_, std::io::Error>(TraceContext::current().unwrap().is_sampled())
    });
    assert!(job.await.unwrap());
}
