//! Scrapes while requests run: each is whole in itself, and none goes back behind the one before.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, body::Body, routing::get};
use http::Method;
use monitor_layer::{AccessLog, HttpMetrics, testing::TestMonitor};
use tower::ServiceExt as _;

use super::{
    Form,
    exposition::{Exposition, Kind, Labels},
    scrape, statuses, value,
};
use crate::support::send;

const TASKS: usize = 6;
const SCRAPES: usize = 150;

/// Every number that may only grow, by its series.
fn growing(read: &Exposition) -> BTreeMap<(String, Labels), f64> {
    let grows = |kind| matches!(kind, Kind::Counter | Kind::Histogram);
    let families = read.families.iter().filter(|family| grows(family.kind));
    let samples = families.flat_map(|family| &family.samples);
    samples
        .map(|sample| ((sample.name.clone(), sample.labels.clone()), sample.value))
        .collect()
}

/// Every series of `http_requests_total` counts what its histogram does; gives the sum.
fn assert_counts_agree(read: &Exposition, form: Form) -> f64 {
    let numbers = growing(read);
    let of = |wanted: &'static str| {
        let of_name = numbers.iter().filter(move |((name, _), _)| name == wanted);
        of_name.map(|((_, labels), count)| (labels.clone(), *count))
    };
    let durations: BTreeMap<_, _> = of("http_request_duration_seconds_count").collect();
    let requests: BTreeMap<_, _> = of("http_requests_total").collect();
    for (labels, count) in &requests {
        let observed = durations.get(labels).copied().unwrap_or(0.0);
        assert_eq!(observed, *count, "{form:?} {labels:?}");
    }
    let alone = durations
        .keys()
        .find(|labels| !requests.contains_key(labels));
    assert_eq!(alone, None, "{form:?}");
    requests.values().sum()
}

/// Started is what has ended and what has not.
fn assert_conserved(read: &Exposition, form: Form) {
    let value = |name| value(read, name, &[]).unwrap();
    assert_eq!(
        value("http_requests_started_total"),
        value("http_request_outcomes_total") + value("http_active_connections"),
        "{form:?}"
    );
}

fn assert_nothing_went_down(before: &Exposition, after: &Exposition, form: Form) {
    let after = growing(after);
    for (series, value) in growing(before) {
        let now = after.get(&series);
        assert!(
            now.is_some_and(|now| *now >= value),
            "{form:?}: {series:?} {value} {now:?}"
        );
    }
}

async fn ask_until(stop: Arc<AtomicBool>, app: Router, task: usize) -> usize {
    let mut asked = 0;
    while !stop.load(Ordering::Relaxed) {
        let path = match (asked + task) % 4 {
            0 => "/answer/200".to_owned(),
            1 => "/nowhere".to_owned(),
            2 => "/slow".to_owned(),
            _ => format!("/answer/{}", 400 + asked % 9),
        };
        if path == "/slow" {
            let request = http::Request::get(path).body(Body::empty()).unwrap();
            let mut call = Box::pin(app.clone().oneshot(request));
            assert!(futures_util::poll!(&mut call).is_pending());
            tokio::task::yield_now().await;
        } else {
            send(&app, Method::GET, &path).await;
        }
        asked += 1;
        tokio::task::yield_now().await;
    }
    asked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_scrape_in_a_storm_is_whole_and_goes_forward() {
    let monitor = TestMonitor::build("api", |builder| {
        let http = HttpMetrics::builder().response_sizes().response_start();
        builder.access_log(AccessLog::Off).http_metrics(http)
    })
    .unwrap();
    let app = statuses()
        .route("/slow", get(std::future::pending::<()>))
        .layer(monitor.layer())
        .with_state(());
    let stop = Arc::new(AtomicBool::new(false));
    let storm: Vec<_> = (0..TASKS)
        .map(|task| tokio::spawn(ask_until(Arc::clone(&stop), app.clone(), task)))
        .collect();

    let mut before = scrape(&monitor, Form::Text).await;
    let mut seen = Vec::new();
    for form in Form::ALL.into_iter().cycle().take(SCRAPES) {
        let read = scrape(&monitor, form).await;
        seen.push(assert_counts_agree(&read, form));
        assert_conserved(&read, form);
        assert_nothing_went_down(&before, &read, form);
        before = read;
    }
    assert!(
        seen[0] < seen[SCRAPES - 1],
        "requests ran meanwhile: {seen:?}"
    );

    stop.store(true, Ordering::Relaxed);
    let asked: usize = futures_util::future::join_all(storm)
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    for form in Form::ALL {
        let read = scrape(&monitor, form).await;
        assert_eq!(assert_counts_agree(&read, form), asked as f64, "{form:?}");
        assert_conserved(&read, form);
        assert_eq!(value(&read, "http_active_connections", &[]), Some(0.0));
    }
}
