//! What can be set, and that no secret is shown where it cannot be used.

use monitor_layer::{
    AlertNotice, AlertSeverity, AlertSink, Alertmanager, DeliveryError, MonitorBuilder, PagerDuty,
    Slack, testing::TestMonitor,
};

use super::{ROUTING_KEY, Receiver, monitor, pagerduty, slack};

struct Nothing;

impl AlertSink for Nothing {
    fn send(&mut self, _: &AlertNotice) -> Result<(), DeliveryError> {
        Ok(())
    }
}

fn refused(configure: impl FnOnce(MonitorBuilder) -> MonitorBuilder) -> String {
    TestMonitor::build("api", configure)
        .unwrap_err()
        .to_string()
}

#[test]
fn what_cannot_be_used_stops_the_start_and_says_what_is_expected_and_no_secret() {
    let webhook =
        "the alert channel slack is no webhook URL; expected https://hooks.slack.com/services/…";
    for bad in [
        "",
        "hooks.slack.com/s3cret",
        "http://hooks.slack.com/s3cret",
        "ftp://h/s3cret",
    ] {
        assert_eq!(
            refused(|builder| builder.slack(Slack::new(bad))),
            webhook,
            "{bad}"
        );
    }
    for bad in [
        "s3cret",
        "",
        &ROUTING_KEY[1..],
        "R0123456789abcdefghijklmnopqrs-u",
    ] {
        assert_eq!(
            refused(|builder| builder.pagerduty(PagerDuty::new(bad))),
            "the alert channel pagerduty is no routing key; expected the 32 letters and digits of an Events API v2 \
             integration key"
        );
    }
    assert_eq!(
        refused(|builder| builder
            .pagerduty(PagerDuty::new(ROUTING_KEY).url("http://pagerduty.example"))),
        "the alert channel pagerduty has an unusable URL; expected an https URL, as \
         https://events.eu.pagerduty.com/v2/enqueue"
    );
    for bad in [
        "alertmanager:9093",
        "http://me:s3cret@",
        "http://host/?s3cret",
    ] {
        assert_eq!(
            refused(|builder| builder.alertmanager(Alertmanager::new(bad))),
            "the alert channel alertmanager is no URL of an Alertmanager; expected an http or https URL without a path \
             of its API, as http://localhost:9093",
        );
    }
    // One that is not asked, for there is an Alertmanager, has to be usable all the same.
    let both = |builder: MonitorBuilder| {
        builder
            .alertmanager(Alertmanager::new("http://alertmanager:9093"))
            .slack(Slack::new("s3cret"))
    };
    assert_eq!(refused(both), webhook);
    for name in ["", "slack"] {
        let receiver = Receiver::start();
        let twice = |builder: MonitorBuilder| {
            let builder = builder.slack(slack(&receiver));
            builder.alert_sink(name, AlertSeverity::Info, Nothing)
        };
        assert_eq!(
            refused(twice),
            format!("an alert sink is named {name:?}; expected a name that no other channel has")
        );
    }
}

#[test]
fn what_is_shown_of_a_channel_holds_no_secret() {
    let shown = format!(
        "{:?} {:?} {:?}",
        Slack::new("https://hooks.slack.com/services/T0/B0/s3cret"),
        PagerDuty::new(ROUTING_KEY),
        Alertmanager::new("https://me:s3cret@host"),
    );
    assert!(
        !shown.contains("s3cret") && !shown.contains(ROUTING_KEY),
        "{shown}"
    );
}

#[test]
fn the_outcomes_of_what_can_reach_a_channel_are_at_0_before_anything_happens() {
    let receiver = Receiver::start();
    let monitor = monitor(|builder| {
        builder
            .slack(slack(&receiver))
            .pagerduty(pagerduty(&receiver))
    });
    for (channel, severity, reaches) in [
        ("slack", "critical", true),
        ("slack", "warning", true),
        ("slack", "info", true),
        ("pagerduty", "critical", true),
        ("pagerduty", "warning", false),
        ("pagerduty", "info", false),
    ] {
        for outcome in ["sent", "deduplicated", "failed", "dropped"] {
            let labels = [
                ("channel", channel),
                ("severity", severity),
                ("outcome", outcome),
            ];
            let is_there = monitor.has_metric("alert_notifications_total", labels);
            assert_eq!(is_there, reaches, "{labels:?}");
            assert_eq!(monitor.metric("alert_notifications_total", labels), 0.0);
        }
    }
}
