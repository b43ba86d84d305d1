//! The error that an `error!` line has as a field.

use std::{error::Error, fmt, io};

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use monitor_layer::{Categorize, instrument_step, testing::TestMonitor};

use crate::support::send;

#[derive(Debug)]
struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the card was declined")
    }
}

impl Error for Declined {}

impl Categorize for Declined {
    fn code(&self) -> Option<&str> {
        Some("PAYMENT_DECLINED")
    }
}

fn log(error: &(dyn Error + 'static)) {
    tracing::error!(error, "Not charged");
}

fn monitor() -> TestMonitor {
    TestMonitor::capture_events();
    TestMonitor::new("api")
}

#[tokio::test]
async fn an_error_that_is_logged_and_then_returned_is_one_failure_of_the_type_that_is_returned() {
    #[instrument_step]
    async fn charge() -> Result<(), Declined> {
        log(&Declined);
        Err(Declined)
    }
    let monitor = monitor();
    let app: Router = Router::new()
        .route(
            "/charge",
            get(async || match charge().await {
                Ok(()) => StatusCode::OK,
                Err(error) => {
                    log(&error);
                    StatusCode::BAD_GATEWAY
                }
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/charge").await;
    assert_eq!(
        monitor.metric("errors_total", [("category", "payment")]),
        1.0
    );
    assert_eq!(monitor.metric("errors_total", []), 1.0);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(
        (&*event.error_type, event.code.as_deref()),
        ("Declined", Some("PAYMENT_DECLINED"))
    );
    assert_eq!(event.fingerprint, ["payment", "PAYMENT_DECLINED", "charge"]);
}

#[tokio::test]
async fn an_error_that_is_only_logged_is_a_failure_of_its_own() {
    let monitor = monitor();
    let app: Router = Router::new()
        .route(
            "/charge",
            get(async || {
                log(&io::Error::other("no answer: timed out"));
                tracing::error!(error = %Declined, "A text is none");
                let error: &dyn Error = &Declined;
                tracing::warn!(error, "Nor is a warning");
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/charge").await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.message, "no answer: timed out");
    assert_eq!(
        monitor.metric("errors_total", [("category", "timeout")]),
        1.0
    );
}

#[tokio::test]
async fn outside_of_requests_and_jobs_a_logged_error_is_counted_and_sent_at_once() {
    let monitor = monitor();
    let seen = monitor.clone();
    monitor
        .scope(async move {
            log(&Declined);
            assert_eq!(seen.errors().len(), 1);
        })
        .await;
    assert_eq!(monitor.metric("errors_total", []), 1.0);
}

#[tokio::test]
async fn logged_errors_of_a_request_that_nobody_measures_are_counted_all_the_same() {
    let monitor = monitor();
    let app: Router = Router::new()
        .route("/charge", get(async || log(&Declined)))
        .layer(monitor_layer::UnmeasuredLayer::new())
        .layer(monitor.layer());
    send(&app, Method::GET, "/charge").await;
    assert_eq!(
        (monitor.metric("errors_total", []), monitor.errors().len()),
        (1.0, 1)
    );
}

#[tokio::test]
async fn any_number_of_logged_errors_is_counted() {
    let monitor = monitor();
    let app: Router = Router::new()
        .route(
            "/charge",
            get(async || (0..300).for_each(|number| log(&io::Error::other(number.to_string())))),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/charge").await;
    assert_eq!(monitor.metric("errors_total", []), 300.0);
}
