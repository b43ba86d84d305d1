//! Alerts of what fails, and of a start that does.

use std::{io, time::Duration};

use axum::{Router, routing::get};
use http::Method;
use monitor_layer::{
    AlertNotice, Categorize, Category, Monitor, Retries, capture_message, testing::TestMonitor,
};

use super::{LONG, Receiver, monitor, outcomes, slack};
use crate::support::send;

#[derive(Debug, Categorize)]
#[code("PAYMENT_DECLINED")]
#[transient]
struct Declined;

impl std::fmt::Display for Declined {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the card 4111 1111 1111 1111 was declined")
    }
}

impl std::error::Error for Declined {}

fn told(monitor: &TestMonitor) -> Vec<String> {
    monitor.alerts().iter().map(AlertNotice::headline).collect()
}

#[tokio::test]
async fn failures_of_a_category_and_panics_raise_an_alert_each_where_one_line_asks_for_it() {
    let monitor = monitor(|builder| builder.alert_on(Category::Payment).alert_on_panics());
    let app: Router = Router::new()
        .route(
            "/checkout",
            get(async || {
                monitor_layer::current().user("u-1");
                capture_message("PAYMENT_LATE: no answer for a day");
                http::StatusCode::BAD_GATEWAY
            }),
        )
        .route("/slow", get(async || http::StatusCode::GATEWAY_TIMEOUT))
        .route(
            "/broken",
            get(async || -> &'static str { panic!("out of cheese") }),
        )
        .layer(monitor.layer());
    for path in ["/checkout", "/checkout", "/slow", "/broken"] {
        send(&app, Method::GET, path).await;
    }
    assert_eq!(
        told(&monitor),
        [
            "[critical] Payment failure in GET /checkout",
            "[critical] Panic in GET /broken"
        ]
    );
    let alerts = monitor.alerts();
    assert_eq!(
        alerts[0].description(),
        Some("PAYMENT_LATE: no answer for a day")
    );
    let labels: Vec<_> = alerts[0].labels().collect();
    assert_eq!(labels, [("category", "payment"), ("code", "PAYMENT_LATE")]);
    assert!(alerts[0].details().any(|detail| detail == ("user", "u-1")));
    assert_eq!(alerts[1].description(), Some("out of cheese"));
    // The ids are those of the log.
    let lines = monitor.lines();
    let line = lines
        .iter()
        .find(|line| line["metadata"]["route"] == "/checkout");
    let trace = alerts[0].trace_id().unwrap().to_string();
    assert_eq!(line.unwrap()["traceId"], trace);
}

#[tokio::test]
async fn a_job_that_is_tried_again_raises_none_and_its_last_failure_one() {
    let monitor = monitor(|builder| builder.categorize::<Declined>().alert_on(Category::Payment));
    let retries = Retries::up_to(3).backoff(Duration::ZERO, Duration::ZERO);
    let attempts = async |succeeds: bool| {
        let job = monitor.job("job-7").niche("history").retry(retries);
        let run = job.run(move |attempt| async move {
            match succeeds && attempt.number() == 2 {
                true => Ok(()),
                false => Err(Declined),
            }
        });
        let _ = run.await;
    };
    attempts(true).await;
    assert_eq!(told(&monitor), [""; 0]);
    attempts(false).await;
    assert_eq!(
        told(&monitor),
        ["[critical] Payment failure in job history"]
    );
    let alert = &monitor.alerts()[0];
    assert_eq!(
        alert.description(),
        Some("the card [REDACTED] was declined")
    );
    assert!(alert.details().any(|detail| detail == ("job", "job-7")));
}

#[test]
fn a_start_that_fails_is_told_of_before_it_gives_its_error() {
    let receiver = Receiver::start();
    let start = |is_told: bool| {
        TestMonitor::build("api", |builder| {
            let builder = builder.slack(slack(&receiver)).sample_ratio(7.0);
            match is_told {
                true => builder.alert_on_failed_start(),
                false => builder,
            }
        })
    };
    assert!(start(false).is_err());
    assert_eq!(receiver.got().len(), 0);
    let error = start(true).unwrap_err();
    assert_eq!(receiver.texts(), ["[critical] api does not start"]);
    let block = receiver.bodies()[0]["blocks"][0]["text"]["text"].to_string();
    assert!(block.contains(&error.to_string()), "{block}");
}

#[test]
fn a_start_that_fails_later_is_told_of_by_the_monitor() {
    let receiver = Receiver::start();
    let monitor = monitor(|builder| builder.slack(slack(&receiver)));
    Monitor::alert_failed_start(&monitor, &io::Error::other("the port is taken"));
    assert_eq!(receiver.texts(), ["[critical] api does not start"]);
    assert_eq!(outcomes(&monitor, "slack"), [1.0, 0.0, 0.0, 0.0]);
    monitor.flush(LONG);
}
