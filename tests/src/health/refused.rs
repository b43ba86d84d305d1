//! What stops the start.

use std::time::Duration;

use monitor_layer::{HealthCheck, MonitorBuilder, testing::TestMonitor};

use super::fine;

fn refused(configure: impl FnOnce(MonitorBuilder) -> MonitorBuilder) -> String {
    TestMonitor::build("api", configure)
        .unwrap_err()
        .to_string()
}

#[test]
fn checks_without_a_name_or_with_the_same_one_are_refused() {
    let named =
        |names: [&str; 2]| refused(|builder| builder.check(names[0], fine).check(names[1], fine));
    assert_eq!(
        named(["database", "database"]),
        "the check \"database\" is the name of two checks; expected each check to have its own"
    );
    assert_eq!(
        named(["data base", "disk"]),
        "the check \"data base\" is no name; expected 1 to 64 letters, digits, hyphens, underscores or dots"
    );
}

#[test]
fn checks_that_have_no_time_or_never_change_are_refused() {
    let of = |check: HealthCheck| refused(|builder| builder.check("database", check));
    let check = || HealthCheck::new(fine);
    assert_eq!(
        of(check().time_limit(Duration::ZERO)),
        "the check \"database\" may take 0 s; expected a time limit above 0"
    );
    let expected =
        "the check \"database\" changes after 0 answers; expected thresholds of 1 at least";
    assert_eq!(of(check().failure_threshold(0)), expected);
    assert_eq!(of(check().success_threshold(0)), expected);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    for url in [
        "",
        "pay.example",
        "/health",
        "ftp://pay.example",
        "https://",
        "http://a b",
    ] {
        assert_eq!(
            refused(|builder| builder.check("payments", HealthCheck::http(url))),
            "the check \"payments\" asks for something that is no URL; expected one as https://pay.example/health",
            "{url}"
        );
    }
    for address in [
        "",
        "broker",
        "broker:",
        ":5672",
        "broker:http",
        "broker:70000",
    ] {
        assert_eq!(
            refused(|builder| builder.check("broker", HealthCheck::tcp(address))),
            "the check \"broker\" connects to something that is no address; expected one as broker.internal:5672",
            "{address}"
        );
    }
}

#[test]
fn intervals_without_a_pause_and_answers_that_are_always_too_old_are_refused() {
    let seconds = Duration::from_secs;
    assert_eq!(
        refused(|builder| builder.check_interval(Duration::ZERO)),
        "the checks are asked every 0 s; expected a time above 0 between two answers"
    );
    assert_eq!(
        refused(|builder| builder.check("database", fine).check_age_limit(seconds(6))),
        "an answer of a check may be 6s old, but is up to 6.5s old when the next one comes; expected a longer age \
         limit, or a shorter interval"
    );
    let build = |builder: MonitorBuilder| builder.check("database", fine);
    assert!(TestMonitor::build("api", |b| build(b).check_age_limit(seconds(7))).is_ok());
    assert!(TestMonitor::build("api", |b| build(b).check_interval(seconds(3_600))).is_ok());
    assert!(TestMonitor::build("api", |b| build(b).check_interval(Duration::MAX)).is_ok());
}
