//! What a request costs in allocations, over a router that carries a layer doing nothing, and what it leaves behind.
//!
//! A process of its own: the counting allocator is global, its counts are the thread's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, response::Response, routing::get};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use monitor_layer::{
    __bench::RequestSeries, AccessLog, Alert, AlertNotice, AlertSeverity, AlertSink, DeliveryError,
    ExchangeLayer, HttpMetrics, LabelValues, LogWriter, Monitor, Route, Sampler, TraceContext,
    Trust, TrustPolicy, testing::TestMonitor,
};
use tower::{Layer, Service, ServiceExt as _};
use tracing_subscriber::layer::SubscriberExt as _;

const WARM_UP: usize = 50;
const REQUESTS: u64 = 200;

#[derive(Clone)]
struct NothingLayer;

#[derive(Clone)]
struct Nothing<S>(S);

impl<S> Layer<S> for NothingLayer {
    type Service = Nothing<S>;

    fn layer(&self, inner: S) -> Nothing<S> {
        Nothing(inner)
    }
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Nothing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        self.0.call(request)
    }
}

fn routes() -> Router {
    Router::new().route("/jobs/{id}", get(async || "a job"))
}

fn request(traceparent: bool) -> Request<Body> {
    let request = Request::get("/jobs/7");
    let request = match traceparent {
        true => request.header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        false => request,
    };
    request.body(Body::empty()).unwrap()
}

async fn answer(app: &Router, request: Request<Body>) {
    let response: Response = app.clone().oneshot(request).await.unwrap();
    let _ = response.into_body().collect().await.unwrap();
}

/// Allocations of one request in steady state, the making of the request itself left out.
fn allocations(app: &Router, traceparent: bool) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..WARM_UP {
            answer(app, request(traceparent)).await;
        }
    });
    let requests: Vec<_> = (0..REQUESTS).map(|_| request(traceparent)).collect();
    let counted = allocation_counter::measure(|| {
        runtime.block_on(async {
            for request in requests {
                answer(app, request).await;
            }
        });
    });
    counted.count_total / REQUESTS
}

#[test]
fn the_monitor_layer_costs_at_most_4_allocations_a_request() {
    let monitor = TestMonitor::build("api", |builder| builder.access_log(AccessLog::Off)).unwrap();
    // Without `with_state` axum rebuilds its layers at every call.
    let bare = routes().layer(NothingLayer).with_state(());
    let observed = routes().layer(monitor.layer()).with_state(());
    for traceparent in [false, true] {
        let (bare, observed) = (
            allocations(&bare, traceparent),
            allocations(&observed, traceparent),
        );
        println!("traceparent {traceparent}: {bare} bare, {observed} observed");
        assert!(observed <= bare + 4, "{observed} over {bare}");
        assert!(observed > bare, "something is measured at all");
    }
    let requests = 2.0 * (REQUESTS + WARM_UP as u64) as f64;
    assert_eq!(monitor.metric("http_requests_total", []), requests);
}

#[test]
fn keeping_apart_what_the_sentry_sdk_is_told_costs_7_allocations_a_request() {
    let app = |isolated: bool| {
        let monitor = TestMonitor::build("api", |builder| {
            builder.access_log(AccessLog::Off).isolate(isolated)
        })
        .unwrap();
        routes().layer(monitor.layer()).with_state(())
    };
    let (shared, isolated) = (
        allocations(&app(false), false),
        allocations(&app(true), false),
    );
    assert_eq!(isolated - shared, 7);
}

#[test]
fn deciding_whose_trace_goes_on_and_whether_it_is_sampled_allocates_nothing() {
    let monitor = TestMonitor::build("api", |builder| {
        let builder = builder.access_log(AccessLog::Off).sample_ratio(0.0);
        builder.sample_route("/checkout", 1.0)
    });
    let monitor = monitor.unwrap();
    let policy = TrustPolicy::new(Trust::Continue)
        .network("10.0.0.0/8".parse().unwrap(), Trust::Link)
        .route("/checkout", Trust::Link)
        .path("/public", Trust::Ignore)
        .decide_by(|_| None);
    let plain = TestMonitor::build("api", |builder| builder.access_log(AccessLog::Off)).unwrap();
    let plain = routes().layer(plain.layer()).with_state(());
    let decided = routes().layer(monitor.layer().trust(policy)).with_state(());
    for traceparent in [false, true] {
        let plain = allocations(&plain, traceparent);
        assert_eq!(allocations(&decided, traceparent), plain, "{traceparent}");
    }
}

#[test]
fn a_span_that_is_not_sampled_allocates_nothing() {
    let monitor = TestMonitor::build("api", |builder| builder.sample_ratio(0.0)).unwrap();
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    let _guard = tracing::subscriber::set_default(subscriber);
    let span = |number: usize| {
        let span = tracing::info_span!("charge", number, plan = "pro");
        span.in_scope(|| TraceContext::current().map(|context| context.is_sampled()))
    };
    let work = TraceContext::root(&Sampler::ratio(0.0).unwrap()).scope(async {
        for number in 0..WARM_UP {
            span(number);
        }
        allocation_counter::measure(|| {
            for number in 0..REQUESTS as usize {
                assert_eq!(span(number), Some(false));
            }
        })
    });
    let counted = futures_util::FutureExt::now_or_never(work).unwrap();
    assert_eq!(counted.count_total, 0);
}

#[test]
fn a_call_to_another_service_costs_the_value_of_its_traceparent_and_the_room_for_it() {
    let monitor = TestMonitor::new("api");
    let layer = monitor
        .client_layer()
        .host_group("known", ["known.example"]);
    let callee = tower::service_fn(async |_: Request<Body>| {
        Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    });
    let client = layer.layer(callee);
    let requests = |count| {
        let request = || Request::get("http://known.example/").body(Body::empty());
        (0..count).map(|_| request().unwrap()).collect::<Vec<_>>()
    };
    let count = |calls: &dyn Fn(Request<Body>)| {
        requests(WARM_UP).into_iter().for_each(calls);
        let requests = requests(REQUESTS as usize);
        let counted = allocation_counter::measure(|| requests.into_iter().for_each(calls));
        counted.count_total / REQUESTS
    };
    let bare = count(&|request| {
        let call = callee.oneshot(request);
        drop(futures_util::FutureExt::now_or_never(call));
    });
    let carried = count(&|request| {
        let call = client.clone().oneshot(request);
        drop(futures_util::FutureExt::now_or_never(call));
    });
    println!("{bare} bare, {carried} through the layer");
    assert!(carried <= bare + 3, "{carried} over {bare}");
    let calls = monitor.metric("http_client_request_duration_seconds_count", []);
    assert_eq!(calls, (REQUESTS + WARM_UP as u64) as f64);
}

#[test]
fn what_clients_choose_keeps_no_memory() {
    const KEPT: i64 = 16 * 1024;

    let monitor = TestMonitor::build("api", |builder| builder.access_log(AccessLog::Off)).unwrap();
    let app = routes().layer(monitor.layer()).with_state(());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let distinct = |numbers: std::ops::Range<u32>| {
        runtime.block_on(async {
            for number in numbers {
                let request = Request::builder()
                    .method(format!("M{number}").as_str())
                    .uri(match number % 2 {
                        0 => format!("/jobs/{number}"),
                        _ => format!("/elsewhere/{number}"),
                    })
                    .header("host", format!("host-{number}.example"))
                    .header("x-trace-id", format!("client-{number}"))
                    .header("tracestate", format!("vendor{number}=value{number}"))
                    .body(Body::empty())
                    .unwrap();
                answer(&app, request).await;
            }
        });
    };
    distinct(0..100);
    let counted = allocation_counter::measure(|| distinct(100..20_000));
    let kept = counted.bytes_current;
    assert!(kept < KEPT, "{kept} bytes");
}

#[test]
fn the_metrics_alone_cost_the_one_box_that_axum_makes_of_a_wrapped_body() {
    let plain = HttpMetrics::builder();
    let all = HttpMetrics::builder().response_sizes().response_start();
    let labelled = HttpMetrics::builder()
        .constant_label("region", "eu")
        .request_label("method_name", LabelValues::Budget(9), |request| {
            Some(request.method.as_str().into())
        })
        .response_label("class", LabelValues::Closed(&["good", "bad"]), |_| {
            Some("good".into())
        });
    let bare = routes().layer(NothingLayer).with_state(());
    let bare = allocations(&bare, false);
    for builder in [plain, all, labelled] {
        let registry = prometheus::Registry::new();
        let metrics = builder.register(&registry).unwrap();
        let measured = routes().layer(ExchangeLayer::new(metrics)).with_state(());
        assert_eq!(allocations(&measured, false), bare + 1);
        let gathered = registry.gather();
        let mut started = gathered.iter();
        let started = started
            .find(|family| family.name() == "http_requests_started_total")
            .unwrap();
        let requests = (REQUESTS + WARM_UP as u64) as f64;
        assert_eq!(started.get_metric()[0].get_counter().value(), requests);
    }
}

#[test]
fn a_scrape_in_steady_state_allocates_nothing_for_a_series() {
    /// What may differ by the growth of a list.
    const GROWTH: u64 = 10;

    let scrape = |series: usize| {
        let requests = RequestSeries::new();
        let context = TraceContext::root(&Sampler::ratio(1.0).unwrap());
        for route in 0..series {
            let route = Route::new(format!("/route-{route}"));
            let duration = Duration::from_millis(20);
            let context = Some(&context);
            requests.observe(&Method::GET, &route, StatusCode::OK, duration, context);
        }
        let mut out = Vec::new();
        for _ in 0..3 {
            requests.text(&mut out);
        }
        let counted = allocation_counter::measure(|| requests.text(&mut out));
        let text = std::str::from_utf8(&out).unwrap();
        let shown = text.matches("http_request_duration_seconds_count{").count();
        assert_eq!(shown, series);
        counted.count_total
    };
    let (few, many) = (scrape(100), scrape(1_000));
    assert!(few.abs_diff(many) <= GROWTH, "{few} and {many}");
}

#[test]
fn a_log_line_of_5_fields_in_a_span_of_3_allocates_nothing() {
    const LINES: u32 = 500;

    for writer in [LogWriter::Synchronous, LogWriter::Background] {
        let monitor = Monitor::builder("api")
            .log_to(std::io::sink())
            .log_writer(writer)
            .build()
            .unwrap();
        let log = || {
            let path = "/jobs/7";
            for number in 0..LINES {
                tracing::info!(
                    number,
                    path,
                    seconds = f64::from(number) / 8.0,
                    shown = ?Some(path),
                    done = true,
                    "Said {number} times"
                );
            }
        };
        let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
        let fewest = tracing::subscriber::with_default(subscriber, || {
            let span =
                tracing::info_span!("span", tenant = "shop-17", attempt = 2, user_id = "u-1");
            let _entered = span.enter();
            // Both buffers of the queue grow to what comes between two looks of the writer, sooner or later.
            let counted = (0..20).map(|_| {
                monitor.flush(Duration::from_secs(60));
                allocation_counter::measure(log).count_total
            });
            counted.min()
        });
        assert_eq!(fewest, Some(0), "{writer:?}");
    }
}

#[test]
fn a_warning_that_is_limited_and_one_that_is_left_out_allocate_nothing() {
    const LINES: u32 = 500;

    for most in [5, u32::MAX] {
        let monitor = Monitor::builder("api")
            .log_to(std::io::sink())
            .limit_repeated_logs(most, Duration::from_secs(3_600))
            .build()
            .unwrap();
        let log = || (0..LINES).for_each(|number| tracing::warn!(number, "Again"));
        let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
        let counted = tracing::subscriber::with_default(subscriber, || {
            log();
            allocation_counter::measure(log)
        });
        assert_eq!(counted.count_total, 0, "{most}");
    }
}

#[test]
fn a_line_at_a_level_that_was_set_while_running_allocates_nothing() {
    let monitor = Monitor::builder("api")
        .log_to(std::io::sink())
        .build()
        .unwrap();
    let hour = Duration::from_secs(3_600);
    monitor
        .set_log_level_for("info,allocations=debug", hour)
        .unwrap();
    let log = || {
        (0..500).for_each(|number| {
            tracing::debug!(number, "Shown");
            tracing::trace!(number, "Not shown");
        });
    };
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    let counted = tracing::subscriber::with_default(subscriber, || {
        log();
        allocation_counter::measure(log)
    });
    assert_eq!(counted.count_total, 0);
}

/// An application that logs a line of its own in each request.
fn logging(monitor: &Monitor) -> Router {
    let handler = get(async || {
        tracing::info!(frames = 3, "Rendered");
        "a job"
    });
    Router::new()
        .route("/jobs/{id}", handler)
        .layer(monitor.layer())
        .with_state(())
}

#[test]
fn holding_lines_back_and_thinning_them_allocates_nothing() {
    let build = |log_ratio: Option<f64>| {
        let builder = Monitor::builder("api").sample_ratio(0.0);
        let builder = builder.log_to(std::io::sink());
        let builder = match log_ratio {
            Some(ratio) => builder.log_ratio(ratio),
            None => builder,
        };
        builder.build().unwrap()
    };
    let count = |monitor: &Monitor| {
        let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
        let app = logging(monitor);
        tracing::subscriber::with_default(subscriber, || allocations(&app, false))
    };
    let whole = count(&build(None));
    for ratio in [0.0, 0.5, 1.0] {
        assert_eq!(count(&build(Some(ratio))), whole, "{ratio}");
    }
}

#[test]
fn a_span_of_2_fields_in_nobody_s_work_allocates_nothing_under_the_log_layer() {
    const SPANS: u64 = 500;

    let monitor = Monitor::builder("api")
        .log_to(std::io::sink())
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    let spans = || {
        for number in 0..SPANS {
            tracing::info_span!("span", tenant = "shop-17", number).in_scope(|| {});
        }
    };
    let counted = tracing::subscriber::with_default(subscriber, || {
        spans();
        allocation_counter::measure(spans)
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn health_and_a_ready_of_ten_checks_that_were_asked_before_cost_a_handful_of_allocations() {
    /// The body and what counts its owners, the room for headers and what finds them, the length of the body.
    const HEALTH: u64 = 5;
    /// And the list of what was said.
    const READY: u64 = 6;

    let monitor = TestMonitor::build("api", |builder| {
        (0..10).fold(builder, |builder, number| {
            let fine = async || Ok::<_, std::io::Error>(());
            builder.check(&format!("check-{number}"), fine)
        })
    })
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let endpoints = monitor.endpoints();
    let probe = async |path| {
        let request = Request::get(path).body(()).unwrap();
        endpoints.clone().oneshot(request).await.unwrap().status()
    };
    for (path, most) in [("/health", HEALTH), ("/ready", READY)] {
        assert_eq!(runtime.block_on(probe(path)), 200);
        let requests = (0..REQUESTS).map(|_| Request::get(path).body(()).unwrap());
        let requests: Vec<_> = requests.collect();
        let counted = allocation_counter::measure(|| {
            runtime.block_on(async {
                for request in requests {
                    drop(endpoints.clone().oneshot(request).await.unwrap());
                }
            });
        });
        let counted = counted.count_total / REQUESTS;
        println!("{path}: {counted}");
        assert!(counted <= most, "{path}: {counted}");
    }
}

/// Takes alerts as fast as none does, so that all of them wait.
struct Hangs(std::sync::mpsc::Receiver<()>);

impl AlertSink for Hangs {
    fn send(&mut self, _: &AlertNotice) -> Result<(), DeliveryError> {
        // Until the test is over.
        let _ = self.0.recv();
        Ok(())
    }
}

#[test]
fn raising_an_alert_costs_few_allocations_and_one_more_of_the_same_fewer() {
    const ALERTS: u64 = 500;

    let (_open, [one, other]) = hanging();
    let monitor = Monitor::builder("api").log_to(std::io::sink());
    let monitor = monitor
        .alert_sink("one", AlertSeverity::Critical, one)
        .alert_sink("other", AlertSeverity::Info, other)
        .build()
        .unwrap();
    let alerts = |each: &dyn Fn(u64) -> String| -> Vec<_> {
        let alerts = (0..ALERTS).map(|number| {
            let alert = Alert::critical("Disk almost full").label("disk", each(number));
            alert.description("17 MB are left").detail("free_mb", 17)
        });
        alerts.collect()
    };
    let count = |alerts: Vec<Alert>| {
        let raise = || alerts.into_iter().for_each(|alert| monitor.alert(alert));
        allocation_counter::measure(raise).count_total as f64 / ALERTS as f64
    };
    // The table of what is known grows now and then.
    let distinct = count(alerts(&|number| number.to_string()));
    let alike = count(alerts(&|_| "0".to_owned()));
    println!("{distinct} for each alert, {alike} for each that is folded");
    assert!(distinct < 4.5, "{distinct}");
    assert!(alike <= 4.0, "{alike}");
}

/// Two sinks, and what holds them.
fn hanging() -> ([std::sync::mpsc::Sender<()>; 2], [Hangs; 2]) {
    let (one, other) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    ([one.0, other.0], [Hangs(one.1), Hangs(other.1)])
}
