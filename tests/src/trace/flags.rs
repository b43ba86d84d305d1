//! The flags of level 2: `sampled` may be changed, `random` must be passed on, all others are zero (3.2.2.5).

use axum::{Router, routing::get};
use http::Request;
use monitor_layer::{Sampler, TraceContext, TraceContextLayer};

use super::calls::{SPAN, TRACE, call, traceparent};
use crate::support::send_request;

/// The flags of a call that is made under these, by a service that samples nothing but what it has to.
async fn under(flags: &str) -> String {
    call(&[&traceparent(&format!("00-{TRACE}-{SPAN}-{flags}"))])
        .await
        .flags
}

#[tokio::test]
async fn sampled_and_random_are_passed_on_with_the_trace_id() {
    for flags in ["00", "01", "02", "03"] {
        assert_eq!(under(flags).await, flags);
    }
}

#[tokio::test]
async fn flags_that_are_not_defined_are_sent_as_zero() {
    for (received, sent) in [
        ("ff", "03"),
        ("fd", "01"),
        ("fe", "02"),
        ("fc", "00"),
        ("80", "00"),
    ] {
        assert_eq!(under(received).await, sent, "{received}");
    }
}

#[tokio::test]
async fn a_trace_that_is_started_here_has_a_random_id_and_says_so() {
    let flags = u8::from_str_radix(&call(&[]).await.flags, 16).unwrap();
    assert_eq!(flags & 0x02, 0x02);
}

#[tokio::test]
async fn a_restarted_trace_takes_over_none_of_the_caller_s_flags() {
    let app: Router = Router::new()
        .route(
            "/",
            get(async || format!("{:02x}", TraceContext::current().unwrap().flags().bits())),
        )
        .layer(TraceContextLayer::new(Sampler::ratio(0.0).unwrap()));
    let request = Request::get("/")
        .header("traceparent", format!("00-{}-{SPAN}-fd", "0".repeat(32)))
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(send_request(&app, request).await.text, "02");
}

/// A new flag needs a new parent id (3.4): both are only ever changed together.
#[tokio::test]
async fn whatever_the_flags_the_parent_id_is_a_new_one() {
    for flags in ["00", "01"] {
        let call = call(&[&traceparent(&format!("00-{TRACE}-{SPAN}-{flags}"))]).await;
        assert_eq!(call.trace, TRACE);
        assert_ne!(call.span, SPAN);
    }
}
