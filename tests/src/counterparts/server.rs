//! What a Prometheus server makes of the demo, in each form that it may ask for.

use std::collections::BTreeMap;

use crate::{
    exposition::Labels,
    parts::{
        Demo, Form, Http, Job, Prometheus, Proxy, drive_everything, program, sign_up_slowly, until,
    },
};

/// The relative width of a bucket of a native histogram of schema 3.
const BUCKET: f64 = 1.090_507_732_665_257_7;

/// The demo, and a server that scrapes it in all three forms: of itself over protobuf, in the others by a proxy that
/// asks for them.
struct Scene {
    demo: Demo,
    http: Http,
    prometheus: Prometheus,
    _proxy: Proxy,
}

impl Scene {
    /// `None` where there is no Prometheus.
    async fn start() -> Option<Self> {
        let binary = program("prometheus")?;
        let demo = Demo::start().await;
        let proxy = Proxy::start(&demo.url).await;
        let job = |form: Form, address, path| Job {
            name: form.as_str(),
            address,
            path,
        };
        let direct = demo.url.trim_start_matches("http://").parse().unwrap();
        let prometheus = Prometheus::start(
            &binary,
            &[
                job(Form::Protobuf, direct, "/metrics"),
                job(Form::OpenMetrics, proxy.address, "/openmetrics"),
                job(Form::Text, proxy.address, "/text"),
            ],
        )
        .await;
        Some(Self {
            demo,
            http: Http::new(),
            prometheus,
            _proxy: proxy,
        })
    }

    /// Requests that are over, by the labels of their series.
    fn logged_counts(&self) -> BTreeMap<Labels, f64> {
        let mut counts = BTreeMap::new();
        for request in self.demo.requests() {
            let labels = [
                ("method", request.method),
                ("route", request.route),
                ("status", request.status),
            ];
            let labels = labels.map(|(name, value)| (name.to_owned(), value));
            *counts.entry(Labels::from(labels)).or_default() += 1.0;
        }
        counts
    }
}

#[tokio::test]
async fn prometheus_counts_in_every_form_what_the_log_counts() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    drive_everything(&scene.http, &scene.demo).await;
    sign_up_slowly(&scene.http, &scene.demo, 50).await;
    let logged = scene.logged_counts();
    assert!(logged.len() > 8, "{logged:?}");
    for count in [
        r#"histogram_count(http_request_duration_seconds{job="protobuf"})"#,
        r#"http_request_duration_seconds_count{job="openmetrics"}"#,
        r#"http_request_duration_seconds_bucket{job="openmetrics",le="+Inf"}"#,
        r#"http_request_duration_seconds_count{job="text"}"#,
        r#"http_request_duration_seconds_bucket{job="text",le="+Inf"}"#,
        r#"http_requests_total{job="protobuf"} > 0"#,
        r#"http_requests_total{job="openmetrics"} > 0"#,
        r#"http_requests_total{job="text"} > 0"#,
    ] {
        let query = format!("sum by (method, route, status) ({count})");
        until(&format!("the counts of the log by {count}"), async || {
            let counted = scene.prometheus.query(&query).await?;
            match counted == logged {
                true => Ok(()),
                false => Err(format!("{counted:?} is not {logged:?}")),
            }
        })
        .await;
    }
    let up = scene.prometheus.query("up").await.unwrap();
    assert_eq!(up.values().collect::<Vec<_>>(), [&1.0; 3]);
    let errors = scene.prometheus.scrape_errors().await.unwrap();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(scene.prometheus.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_quantile_of_the_native_histogram_is_at_most_a_bucket_from_the_true_one() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let count = 400;
    sign_up_slowly(&scene.http, &scene.demo, count).await;
    let requests = scene.demo.requests();
    let mut seconds: Vec<_> = requests.iter().map(|request| request.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    assert_eq!(seconds.len(), count as usize);

    let native = r#"http_request_duration_seconds{job="protobuf",route="/signups",status="201"}"#;
    until("every request to be scraped", async || {
        let query = format!("histogram_count({native})");
        match scene.prometheus.number(&query).await? {
            counted if counted == f64::from(count) => Ok(()),
            counted => Err(counted.to_string()),
        }
    })
    .await;
    for quantile in [0.1, 0.5, 0.9, 0.95, 0.99] {
        let query = format!("histogram_quantile({quantile}, {native})");
        let estimated = scene.prometheus.number(&query).await.unwrap();
        // The log cuts a duration off at the microsecond.
        let shortest = seconds[(quantile * f64::from(count)).ceil() as usize - 1];
        let longest = shortest + 1e-6;
        assert!(
            shortest / BUCKET <= estimated && estimated <= longest * BUCKET,
            "the quantile {quantile} is {shortest}, estimated as {estimated}"
        );
    }
}

#[tokio::test]
async fn an_exemplar_that_prometheus_has_leads_to_a_request_in_the_log() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    sign_up_slowly(&scene.http, &scene.demo, 100).await;
    for series in [
        r#"http_request_duration_seconds{job="protobuf"}"#,
        r#"http_request_duration_seconds_bucket{job="openmetrics"}"#,
    ] {
        let exemplars = until(&format!("an exemplar of {series}"), async || {
            let exemplars = scene.prometheus.exemplars(series).await?;
            match exemplars.is_empty() {
                true => Err("there is none".to_owned()),
                false => Ok(exemplars),
            }
        })
        .await;
        let requests = scene.demo.requests();
        for (labels, seconds) in exemplars {
            let found = requests.iter().any(|request| {
                labels["trace_id"] == request.trace_id
                    && labels["span_id"] == request.span_id
                    && request.took(seconds)
            });
            assert!(found, "{labels:?} {seconds} is not in the log");
        }
    }
}
