//! `Monitor::alert_self_test`.

use monitor_layer::{Alert, Monitor};

use crate::support::Written;

use super::{LONG, Receiver, Reply, monitor, outcomes, pagerduty, slack};

#[test]
fn a_self_test_tells_for_each_channel_what_came_of_it_and_wakes_nobody() {
    let refuses = Receiver::answering(|_| {
        Reply::Answer(403, "", "no_service R0123456789abcdefghijklmnopqrstu")
    });
    let receiver = Receiver::start();
    let monitor = monitor(|builder| {
        builder
            .pagerduty(pagerduty(&refuses))
            .slack(slack(&receiver))
    });
    let told: Vec<_> = monitor
        .alert_self_test()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "pagerduty took no test alert: it answers 403 Forbidden: no_service [REDACTED].",
            "slack took a test alert and its end.",
        ]
    );
    assert_eq!(
        receiver.texts(),
        ["[info] Alert self-test", "[resolved] Alert self-test"]
    );
    let event = &refuses.bodies()[0];
    assert_eq!(event["payload"]["severity"], "info");
    // It is no alert, and holds none up.
    assert_eq!(outcomes(&monitor, "slack"), [0.0; 4]);
    monitor.alert(Alert::critical("Disk full"));
    monitor.flush(LONG);
    assert_eq!(receiver.texts()[2], "[critical] Disk full");
}

#[test]
fn a_monitor_without_channels_has_none_to_test_and_says_once_that_nobody_is_told() {
    let monitor = monitor(|builder| builder);
    assert_eq!(monitor.alert_self_test(), []);
    let written = Written::default();
    let alone = Monitor::builder("api").log_to(written.clone());
    let alone = alone.build().unwrap();
    for _ in 0..3 {
        alone.alert(Alert::critical("Disk full"));
    }
    let lines = written.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        lines[0]["message"],
        "A critical alert was raised, and there is no channel to tell of it nor of further ones: set \
         SLACK_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY or ALERTMANAGER_URL"
    );
}
