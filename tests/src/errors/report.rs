//! `capture_error`: what it takes, and what is said with it.

use std::{error::Error, fmt, io, sync::Arc};

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use monitor_layer::{
    Category, ErrorEvent, ErrorLevel, capture_error, capture_message, instrument_step,
    testing::TestMonitor,
};

use crate::support::send;

#[derive(Debug)]
struct Lost(io::Error);

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the asset is lost")
    }
}

impl Error for Lost {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn lost() -> Lost {
    Lost(io::Error::other("no disk"))
}

/// The only event of what runs in a step.
async fn captured(capture: impl Fn()) -> ErrorEvent {
    #[instrument_step]
    async fn work(capture: impl Fn()) {
        capture();
    }
    let monitor = TestMonitor::new("api");
    monitor.scope(work(capture)).await;
    assert_eq!(monitor.metric("errors_total", []), 1.0);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.step.as_deref(), Some("work"));
    event
}

#[tokio::test]
async fn errors_of_every_kind_are_captured_with_their_type_text_and_sources() {
    let told = |event: ErrorEvent| (event.error_type, event.message, event.chain.join(": "));
    let expect = |error_type: &str| {
        (
            error_type.to_owned(),
            "the asset is lost".to_owned(),
            "no disk".to_owned(),
        )
    };
    let plain = captured(|| drop(capture_error(&lost()))).await;
    assert_eq!(told(plain), expect("Lost"));
    let dynamic = captured(|| {
        let error: &dyn Error = &lost();
        capture_error(error);
    });
    assert_eq!(told(dynamic.await), expect("dyn Error"));
    let shared = captured(|| {
        let error: &(dyn Error + Send + Sync) = &lost();
        capture_error(error);
    });
    assert_eq!(told(shared.await), expect("dyn Error + Send + Sync"));
    let boxed = captured(|| {
        let error: Box<dyn Error> = lost().into();
        capture_error(&error);
    });
    assert_eq!(told(boxed.await), expect("Box<dyn Error>"));
    let boxed = captured(|| {
        let error: Box<dyn Error + Send + Sync> = lost().into();
        capture_error(&error);
    });
    assert_eq!(told(boxed.await), expect("Box<dyn Error + Send + Sync>"));
    let counted = captured(|| drop(capture_error(&Arc::new(lost())))).await;
    assert_eq!(told(counted), expect("Arc<Lost>"));
    let anyhow = captured(|| drop(capture_error(&anyhow::Error::new(lost())))).await;
    assert_eq!(told(anyhow), expect("anyhow::Error"));
    let eyre = captured(|| drop(capture_error(&eyre::Report::new(lost())))).await;
    assert_eq!(told(eyre), expect("Report"));
}

#[tokio::test]
async fn the_context_that_anyhow_and_eyre_add_comes_before_the_error() {
    let anyhow = captured(|| drop(capture_error(&anyhow::Error::new(lost()).context("render"))));
    let event = anyhow.await;
    assert_eq!(
        (&*event.message, event.chain),
        (
            "render",
            ["the asset is lost", "no disk"].map(str::to_owned).into()
        )
    );
    let eyre = captured(|| drop(capture_error(&eyre::Report::new(lost()).wrap_err("render"))));
    let event = eyre.await;
    assert_eq!((&*event.message, event.chain.len()), ("render", 2));
}

#[tokio::test]
async fn what_is_no_error_is_captured_by_what_it_shows() {
    let text = captured(|| drop(capture_error("TIMEOUT: timed out"))).await;
    assert_eq!(
        (&*text.message, text.category),
        ("TIMEOUT: timed out", Category::Timeout)
    );
    let owned = captured(|| drop(capture_error(&"a text".to_owned()))).await;
    assert_eq!(&*owned.message, "a text");
    let shown = captured(|| drop(capture_message(format_args!("{} late", 7)))).await;
    assert_eq!((&*shown.error_type, &*shown.message), ("message", "7 late"));
}

#[tokio::test]
async fn what_is_said_of_it_stands_in_the_event() {
    let event = captured(|| {
        capture_error(&lost())
            .user("u-1")
            .job("job-1")
            .tag("store", "local")
            .tag("apiToken", "s3cr3t")
            .extra("tries", 3)
            .extra("url", "postgres://me:hunter2@db")
            .level(ErrorLevel::Warning)
            .fingerprint(["assets"])
            .code("PAYMENT_LATE")
            .send();
    })
    .await;
    assert_eq!(
        (event.user.as_deref(), event.job.as_deref()),
        (Some("u-1"), Some("job-1"))
    );
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        event.tags,
        [pair("store", "local"), pair("apiToken", "[REDACTED]")]
    );
    assert_eq!(
        event.extras,
        [
            pair("tries", "3"),
            pair("url", "postgres://me:[REDACTED]@db")
        ]
    );
    assert_eq!(
        (event.level, event.fingerprint),
        (ErrorLevel::Warning, vec!["assets".to_owned()])
    );
    assert_eq!(
        (event.category, event.code.as_deref()),
        (Category::Payment, Some("PAYMENT_LATE"))
    );
    let event = captured(|| drop(capture_error(&lost()).category(Category::Auth))).await;
    assert_eq!((event.category, event.code), (Category::Auth, None));
}

#[tokio::test]
async fn an_error_that_is_captured_and_then_returned_is_one_failure_with_all_that_was_said() {
    #[instrument_step]
    async fn render() -> Result<(), Lost> {
        let error = lost();
        capture_error(&error).tag("asset", "salt.gif");
        Err(error)
    }
    let monitor = TestMonitor::new("api");
    let app: Router = Router::new()
        .route(
            "/render",
            get(async || match render().await {
                Ok(()) => StatusCode::OK,
                Err(error) => {
                    capture_error(&error).extra("asked by", "the handler");
                    StatusCode::BAD_GATEWAY
                }
            }),
        )
        .layer(monitor.layer());
    send(&app, Method::GET, "/render").await;
    assert_eq!(monitor.metric("errors_total", []), 1.0);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.tags, [("asset".to_owned(), "salt.gif".to_owned())]);
    assert_eq!(
        event.extras,
        [("asked by".to_owned(), "the handler".to_owned())]
    );
}

#[test]
fn without_a_monitor_nothing_happens() {
    capture_error(&lost()).user("u-1").send();
    capture_message("nobody hears").level(ErrorLevel::Info);
}

#[tokio::test]
async fn an_error_whose_text_panics_is_captured_all_the_same() {
    #[derive(Debug)]
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in Display")
        }
    }
    impl Error for Panics {}
    let event = captured(|| drop(capture_error(&Panics))).await;
    assert_eq!(event.message, "<error text unavailable>");
}

#[tokio::test]
async fn a_user_s_classifier_decides_after_codes_and_before_what_is_known_of_types_and_texts() {
    let monitor = TestMonitor::build("api", |builder| {
        builder
            .classify(|_| panic!("knows nothing"))
            .classify(|error| error.is::<Lost>().then_some(Category::Auth))
            .classify(|error| error.is::<io::Error>().then_some(Category::RateLimit))
    })
    .unwrap();
    monitor
        .scope(async {
            capture_error(&lost());
            capture_error(&io::Error::new(io::ErrorKind::TimedOut, "timed out"));
            capture_error(&Lost(io::Error::other("PAYMENT_LATE: over"))).send();
            capture_error("rate limit");
        })
        .await;
    let categories: Vec<_> = monitor
        .errors()
        .into_iter()
        .map(|event| event.category)
        .collect();
    use Category::{Auth, Payment, RateLimit};
    assert_eq!(categories, [Auth, RateLimit, Payment, RateLimit]);
}
