//! Alerts that the service raises itself: what arrives, on good days and on bad ones. None of it needs a runtime.

mod bad_days;
mod failures;
mod payloads;
mod receiver;
mod self_test;
mod settings;
mod sinks;

use std::time::{Duration, Instant};

use monitor_layer::{MonitorBuilder, PagerDuty, Slack, testing::TestMonitor};

use self::receiver::{Receiver, Reply};

const ROUTING_KEY: &str = "R0123456789abcdefghijklmnopqrstu";
/// For what is expected to be over long before.
const LONG: Duration = Duration::from_secs(20);

fn monitor(configure: impl FnOnce(MonitorBuilder) -> MonitorBuilder) -> TestMonitor {
    let configure = |builder: MonitorBuilder| {
        let soon = Duration::from_millis(1);
        configure(builder.alert_backoff(soon, soon))
    };
    TestMonitor::build("api", configure).unwrap()
}

fn slack(receiver: &Receiver) -> Slack {
    Slack::new(receiver.url("/services/T0/B0/s3cret")).min_interval(Duration::ZERO)
}

fn pagerduty(receiver: &Receiver) -> PagerDuty {
    let pagerduty = PagerDuty::new(ROUTING_KEY).url(receiver.url("/v2/enqueue"));
    pagerduty.min_interval(Duration::ZERO)
}

/// What became of alerts on a channel: sent, deduplicated, failed, dropped.
fn outcomes(monitor: &TestMonitor, channel: &str) -> [f64; 4] {
    ["sent", "deduplicated", "failed", "dropped"].map(|outcome| {
        let labels = [("channel", channel), ("outcome", outcome)];
        monitor.metric("alert_notifications_total", labels)
    })
}

fn lost(monitor: &TestMonitor) -> f64 {
    monitor.metric("telemetry_dropped_total", [("signal", "alerts")])
}

/// As `support::eventually`, without a runtime.
fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LONG, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
