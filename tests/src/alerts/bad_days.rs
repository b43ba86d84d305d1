//! What becomes of alerts where a channel is not as it should be.

use std::{
    net::TcpListener,
    sync::mpsc,
    time::{Duration, Instant},
};

use monitor_layer::{
    Alert, AlertNotice, AlertSeverity, AlertSink, DeliveryError, PagerDuty, Slack,
    testing::TestMonitor,
};

use super::{LONG, ROUTING_KEY, Receiver, Reply, lost, monitor, outcomes, pagerduty, slack, until};

fn warnings(monitor: &TestMonitor) -> Vec<String> {
    let lines = monitor.lines();
    let messages = lines.iter().filter(|line| line["level"] == "warn");
    messages
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn slack_goes_on_while_pagerduty_hangs() {
    let silent = Receiver::answering(|_| Reply::Silence);
    let receiver = Receiver::start();
    let monitor = monitor(|builder| {
        builder
            .pagerduty(pagerduty(&silent))
            .slack(slack(&receiver))
    });
    for name in ["a", "b", "c"] {
        monitor.alert(Alert::critical(name));
    }
    until("Slack to have all of them", || {
        receiver.texts() == ["[critical] a", "[critical] b", "[critical] c"]
    });
    let start = Instant::now();
    monitor.flush(Duration::from_millis(200));
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "a flush keeps its deadline"
    );
    assert_eq!(outcomes(&monitor, "slack"), [3.0, 0.0, 0.0, 0.0]);
    assert_eq!(outcomes(&monitor, "pagerduty"), [0.0; 4]);
    assert_eq!(silent.got().len(), 1);
}

#[test]
fn slack_that_is_busy_broken_and_says_no_is_asked_again_until_it_takes_it() {
    let receiver = Receiver::answering(|number| match number {
        0 => Reply::Answer(429, "retry-after: 1\r\n", "slow down"),
        1 => Reply::Answer(500, "", "broken"),
        2 => Reply::Answer(200, "", r#"{"ok":false,"error":"fatal_error"}"#),
        _ => Reply::OK,
    });
    let monitor = monitor(|builder| builder.slack(slack(&receiver)));
    monitor.alert(Alert::critical("Disk full"));
    monitor.flush(LONG);
    let got = receiver.got();
    assert_eq!(receiver.texts(), ["[critical] Disk full"; 4]);
    let paused = got[1].at - got[0].at;
    assert!(paused >= Duration::from_millis(990), "{paused:?}");
    assert_eq!(outcomes(&monitor, "slack"), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(lost(&monitor), 0.0);
    assert_eq!(
        warnings(&monitor),
        [
            "The alert channel slack does not work: it answers 429 Too Many Requests: slow down. It is tried again."
        ]
    );
}

#[test]
fn what_is_refused_for_good_is_asked_once_and_lost() {
    let receiver = Receiver::answering(|_| {
        Reply::Answer(
            400,
            "",
            "invalid routing key R0123456789abcdefghijklmnopqrstu",
        )
    });
    let monitor = monitor(|builder| builder.pagerduty(pagerduty(&receiver)));
    monitor.alert(Alert::critical("Disk full"));
    monitor.flush(LONG);
    assert_eq!(receiver.got().len(), 1);
    assert_eq!(outcomes(&monitor, "pagerduty"), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(lost(&monitor), 1.0);
    assert_eq!(
        warnings(&monitor),
        [
            "The alert channel pagerduty does not work: it answers 400 Bad Request: invalid routing key [REDACTED]. \
             1 alert is lost on it, and counted in telemetry_dropped_total."
        ]
    );
}

#[test]
fn both_down_for_long_lose_each_alert_by_its_age_and_count_it() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let monitor = monitor(|builder| {
        builder
            .alert_max_age(Duration::from_millis(300))
            .pagerduty(PagerDuty::new(ROUTING_KEY).url(format!("http://{address}/v2/enqueue")))
            .slack(Slack::new(format!(
                "http://{address}/services/T0/B0/s3cret"
            )))
    });
    for number in 0..50 {
        monitor.alert(Alert::critical(format!("alert {number}")));
    }
    monitor.flush(LONG);
    assert_eq!(outcomes(&monitor, "pagerduty"), [0.0, 0.0, 50.0, 0.0]);
    assert_eq!(outcomes(&monitor, "slack"), [0.0, 0.0, 50.0, 0.0]);
    assert_eq!(lost(&monitor), 100.0);
    let told = warnings(&monitor);
    assert_eq!(told.len(), 2, "once a minute for each: {told:?}");
    let all = monitor.raw_lines().join("\n");
    assert!(
        !all.contains("s3cret") && !all.contains(ROUTING_KEY),
        "{all}"
    );
}

/// Tells whoever listens, and waits to be let on.
struct Gate {
    got: mpsc::Sender<AlertNotice>,
    on: mpsc::Receiver<()>,
}

impl AlertSink for Gate {
    fn send(&mut self, notice: &AlertNotice) -> Result<(), DeliveryError> {
        self.got.send(notice.clone()).unwrap();
        // Nobody there any more is to be let on for good.
        let _ = self.on.recv();
        Ok(())
    }
}

#[test]
fn a_storm_loses_nothing_critical_while_anything_lesser_waits_and_counts_every_alert() {
    const ALERTS: usize = 100_000;
    let (got, gets) = mpsc::channel();
    let (lets_on, on) = mpsc::channel();
    let (works, worked) = mpsc::channel();
    let (_open, closed) = (mpsc::channel::<()>(), mpsc::channel().1);
    let monitor = monitor(|builder| {
        let stuck = Gate { got, on };
        let works = Gate {
            got: works,
            on: closed,
        };
        builder
            .alert_sink("stuck", AlertSeverity::Info, stuck)
            .alert_sink("works", AlertSeverity::Info, works)
    });
    monitor.alert(Alert::info("the first one"));
    assert_eq!(gets.recv_timeout(LONG).unwrap().summary(), "the first one");
    for number in 1..ALERTS {
        let make = [Alert::info, Alert::warning, Alert::critical][number % 3];
        monitor.alert(make(format!("{number}")));
    }
    drop(lets_on);
    monitor.flush(LONG);
    let stuck: Vec<_> = gets.try_iter().collect();
    let told: Vec<_> = stuck
        .iter()
        .map(|it| (it.severity(), it.summary()))
        .collect();
    let first: Vec<_> = (0..1000).map(|place| (place * 3 + 2).to_string()).collect();
    let first: Vec<_> = first
        .iter()
        .map(|number| (AlertSeverity::Critical, number.as_str()))
        .collect();
    assert_eq!(told, first);
    let count = ALERTS as f64;
    assert_eq!(
        outcomes(&monitor, "stuck"),
        [1001.0, 0.0, 0.0, count - 1001.0]
    );
    let [sent, .., dropped] = outcomes(&monitor, "works");
    assert_eq!(sent + dropped, count);
    assert_eq!(worked.try_iter().count() as f64, sent);
    assert_eq!(lost(&monitor), count - 1001.0 + dropped);
}

#[test]
fn a_flush_tells_critical_ones_first() {
    let (got, gets) = mpsc::channel();
    let (lets_on, on) = mpsc::channel();
    let monitor =
        monitor(|builder| builder.alert_sink("gate", AlertSeverity::Info, Gate { got, on }));
    monitor.alert(Alert::info("first"));
    gets.recv_timeout(LONG).unwrap();
    monitor.alert(Alert::info("b"));
    monitor.alert(Alert::warning("c"));
    monitor.alert(Alert::critical("d"));
    drop(lets_on);
    monitor.flush(LONG);
    let told: Vec<_> = gets.try_iter().map(|it| it.headline()).collect();
    assert_eq!(told, ["[critical] d", "[warning] c", "[info] b"]);
}
