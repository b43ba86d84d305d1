//! What the user has redacted, in every sink.

use std::io;

use monitor_layer::{BuildError, Monitor, current, instrument_step, testing::TestMonitor};
use serde_json::json;

fn monitor() -> TestMonitor {
    TestMonitor::build("api", |builder| {
        builder.redact_keys(["ssn", "credit_card"]).redact(|text| {
            let start = text.find("sk_live_")?;
            let length = text[start..].find(' ').unwrap_or(text.len() - start);
            Some(start..start + length)
        })
    })
    .unwrap()
}

#[tokio::test]
async fn keys_and_texts_of_the_user_s_own_are_redacted_in_log_and_error_events() {
    #[instrument_step]
    async fn charge() -> Result<(), io::Error> {
        tracing::info!(
            user_ssn = "078-05-1120",
            creditCard = "5105-1051",
            key = "sk_live_1 kept",
            ssn = 7,
            nested = ?json!({"profile": {"ssn": "078-05-1120", "plan": "pro"}}),
            "With sk_live_2"
        );
        current().tag("customerSSN", "078-05-1120");
        Err(io::Error::other(io::Error::other("sk_live_3 refused")))
    }

    TestMonitor::capture_events();
    let monitor = monitor();
    let _ = monitor.job("job-1").run(charge()).await;

    let lines = monitor.raw_lines().concat();
    let events = format!("{:?}", monitor.errors());
    for secret in ["078-05", "5105", "sk_live"] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
        assert!(!events.contains(secret), "{secret} in {events}");
    }
    let lines = monitor.lines();
    let line = lines
        .iter()
        .find(|line| line["message"] == "With [REDACTED]")
        .unwrap();
    let metadata = &line["metadata"];
    assert_eq!(metadata["user_ssn"], "[REDACTED]");
    assert_eq!(metadata["creditCard"], "[REDACTED]");
    assert_eq!(metadata["key"], "[REDACTED] kept");
    assert_eq!(metadata["ssn"], 7);
    let nested = metadata["nested"].as_str().unwrap();
    assert!(
        nested.contains(r#""ssn": String("[REDACTED]")"#),
        "{nested}"
    );
    assert!(nested.contains("pro"), "{nested}");
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.message, "[REDACTED] refused");
    assert_eq!(
        event.tags,
        [("customerSSN".to_owned(), "[REDACTED]".to_owned())]
    );
}

#[test]
fn a_key_without_a_letter_is_refused_by_name() {
    let refused = Monitor::builder("api").redact_keys(["ssn", "42"]).build();
    let Err(BuildError::RedactedKey(key)) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(key, "42");
    assert!(refused.unwrap_err().to_string().contains("\"42\""));
}
