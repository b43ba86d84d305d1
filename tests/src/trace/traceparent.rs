use super::calls::{SPAN, TRACE, TRACEPARENT, call, calls, traceparent};

/// Whether a call that is made under this `traceparent` continues its trace.
async fn is_continued(value: &str) -> bool {
    let call = call(&[&traceparent(value)]).await;
    // Whatever came, what goes out is of the version that this service knows.
    assert_eq!(call.version, "00", "{value}");
    assert_ne!(call.span, SPAN, "{value}");
    call.continues()
}

async fn assert_restarted(values: &[&str]) {
    for value in values {
        assert!(!is_continued(value).await, "{value:?}");
    }
}

#[tokio::test]
async fn both_traceparent_and_tracestate_missing() {
    let call = call(&[]).await;
    assert!(!call.continues());
    assert_eq!(call.tracestate, None);
}

#[tokio::test]
async fn traceparent_included_tracestate_missing() {
    let call = call(&[TRACEPARENT]).await;
    assert!(call.continues());
    assert_ne!(call.span, SPAN);
    assert_eq!(call.tracestate, None);
}

#[tokio::test]
async fn traceparent_duplicated() {
    let other = TRACEPARENT.replace("9012-", "9011-");
    for lines in [[&other, TRACEPARENT], [TRACEPARENT, TRACEPARENT]] {
        let call = call(&lines).await;
        assert!(!call.continues());
        assert_ne!(call.trace, TRACE.replace("9012", "9011"));
    }
}

#[tokio::test]
async fn traceparent_header_name() {
    for name in ["trace-parent", "trace.parent"] {
        let call = call(&[&TRACEPARENT.replace("traceparent", name)]).await;
        assert!(!call.continues(), "{name}");
    }
}

#[tokio::test]
async fn traceparent_header_name_valid_casing() {
    for name in ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"] {
        let call = call(&[&TRACEPARENT.replace("traceparent", name)]).await;
        assert!(call.continues(), "{name}");
    }
}

#[tokio::test]
async fn traceparent_version_0x00() {
    assert_restarted(&[
        &format!("00-{TRACE}-{SPAN}-01."),
        &format!("00-{TRACE}-{SPAN}-01-"),
        &format!("00-{TRACE}-{SPAN}-01-what-the-future-will-be-like"),
    ])
    .await;
}

#[tokio::test]
async fn traceparent_version_0xcc() {
    assert!(is_continued(&format!("cc-{TRACE}-{SPAN}-01")).await);
    assert!(
        is_continued(&format!(
            "cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"
        ))
        .await
    );
    assert_restarted(&[
        &format!("cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like"),
        &format!("cc-{TRACE}-{SPAN}-0"),
    ])
    .await;
}

#[tokio::test]
async fn traceparent_version_0xff() {
    assert_restarted(&[
        &format!("ff-{TRACE}-{SPAN}-01"),
        &format!("ff-{TRACE}-{SPAN}-01-more"),
    ])
    .await;
}

#[tokio::test]
async fn traceparent_version_illegal_characters() {
    let versions = [".0", "0.", "0A", "CC", "g0"];
    for version in versions {
        assert_restarted(&[&format!("{version}-{TRACE}-{SPAN}-01")]).await;
    }
}

#[tokio::test]
async fn traceparent_version_too_long() {
    assert_restarted(&[
        &format!("000-{TRACE}-{SPAN}-01"),
        &format!("0000-{TRACE}-{SPAN}-01"),
    ])
    .await;
}

#[tokio::test]
async fn traceparent_version_too_short() {
    assert_restarted(&[
        &format!("0-{TRACE}-{SPAN}-01"),
        &format!("{TRACE}-{SPAN}-01"),
    ])
    .await;
}

#[tokio::test]
async fn traceparent_trace_id_all_zero() {
    let zero = "0".repeat(32);
    let call = call(&[&traceparent(&format!("00-{zero}-{SPAN}-01"))]).await;
    assert_ne!(call.trace, zero);
}

#[tokio::test]
async fn traceparent_trace_id_illegal_characters() {
    let (first, last) = (format!(".{}", &TRACE[1..]), format!("{}.", &TRACE[..31]));
    let upper = TRACE.replace("90", "AB");
    for trace in [first, last, upper] {
        let call = call(&[&traceparent(&format!("00-{trace}-{SPAN}-01"))]).await;
        assert_ne!(call.trace, trace.to_lowercase());
    }
}

#[tokio::test]
async fn traceparent_trace_id_too_long() {
    let long = format!("{TRACE}3");
    let call = call(&[&traceparent(&format!("00-{long}-{SPAN}-01"))]).await;
    assert!(![&long[..32], &long[1..]].contains(&call.trace.as_str()));
}

#[tokio::test]
async fn traceparent_trace_id_too_short() {
    let call = call(&[&traceparent(&format!("00-{}-{SPAN}-01", &TRACE[..31]))]).await;
    assert!(!call.trace.contains(&TRACE[..31]));
}

#[tokio::test]
async fn traceparent_parent_id_all_zero() {
    assert_restarted(&[&format!("00-{TRACE}-0000000000000000-01")]).await;
}

#[tokio::test]
async fn traceparent_parent_id_illegal_characters() {
    assert_restarted(&[
        &format!("00-{TRACE}-.234567890123456-01"),
        &format!("00-{TRACE}-123456789012345.-01"),
        &format!("00-{TRACE}-123456789012345A-01"),
    ])
    .await;
}

#[tokio::test]
async fn traceparent_parent_id_too_long() {
    assert_restarted(&[&format!("00-{TRACE}-{SPAN}7-01")]).await;
}

#[tokio::test]
async fn traceparent_parent_id_too_short() {
    assert_restarted(&[&format!("00-{TRACE}-{}-01", &SPAN[..15])]).await;
}

#[tokio::test]
async fn traceparent_trace_flags_illegal_characters() {
    assert_restarted(&[
        &format!("00-{TRACE}-{SPAN}-.0"),
        &format!("00-{TRACE}-{SPAN}-0."),
        &format!("00-{TRACE}-{SPAN}-0F"),
    ])
    .await;
}

#[tokio::test]
async fn traceparent_trace_flags_too_long() {
    assert_restarted(&[&format!("00-{TRACE}-{SPAN}-001")]).await;
}

#[tokio::test]
async fn traceparent_trace_flags_too_short() {
    assert_restarted(&[&format!("00-{TRACE}-{SPAN}-1")]).await;
}

#[tokio::test]
async fn traceparent_ows_handling() {
    for (before, after) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t")] {
        let value = format!("{before}00-{TRACE}-{SPAN}-01{after}");
        assert!(is_continued(&value).await, "{value:?}");
    }
}

#[tokio::test]
async fn multiple_requests_with_valid_traceparent() {
    let calls = calls(&[TRACEPARENT], 3).await;
    assert!(calls.iter().all(super::calls::Call::continues));
    assert_different_spans(&calls);
}

#[tokio::test]
async fn multiple_requests_without_traceparent() {
    let calls = calls(&[], 3).await;
    assert!(calls.iter().all(|call| call.trace == calls[0].trace));
    assert_different_spans(&calls);
}

#[tokio::test]
async fn multiple_requests_with_illegal_traceparent() {
    let zero = "0".repeat(32);
    let calls = calls(&[&traceparent(&format!("00-{zero}-{SPAN}-01"))], 3).await;
    assert!(calls.iter().all(|call| call.trace != zero));
    assert_different_spans(&calls);
}

fn assert_different_spans(calls: &[super::calls::Call]) {
    for (place, call) in calls.iter().enumerate() {
        assert!(calls[..place].iter().all(|before| before.span != call.span));
    }
}
