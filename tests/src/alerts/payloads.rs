//! What arrives at each service, whole.

use monitor_layer::{Alert, Alertmanager, TraceContext};
use serde_json::{Value, json};

use super::{LONG, ROUTING_KEY, Receiver, Reply, lost, monitor, outcomes, pagerduty, slack};

fn full_disk() -> Alert {
    Alert::critical("Disk <almost> full & slow")
        .label("disk", "/data")
        .label("apiToken", "abc")
        .description("17 MB are left of postgres://me:hunter22@db/x")
        .detail("free_mb", 17)
        .runbook("https://runbooks.example/disk?a=1&b=2")
        .dashboard("https://grafana.example/d/disk")
        .link("Log", "https://log.example/|x")
}

/// Takes out what differs each time, having looked at it.
fn take_time(value: &mut Value) -> String {
    let text = value.take();
    let text = text.as_str().unwrap();
    assert!(text.len() == 24 && text.ends_with('Z'), "{text}");
    text.to_owned()
}

const KEY: &str = r#"api/test/Disk <almost> full & slow apiToken="[REDACTED]" disk="/data""#;

#[tokio::test(flavor = "current_thread")]
async fn pagerduty_gets_an_event_of_its_v2_api_and_then_its_end() {
    let receiver = Receiver::answering(|_| Reply::Answer(202, "", r#"{"status":"success"}"#));
    let monitor = monitor(|builder| builder.pagerduty(pagerduty(&receiver)));
    let raised = monitor.scope(async {
        monitor.alert(full_disk());
        TraceContext::current().unwrap().trace_id().to_string()
    });
    let trace = raised.await;
    monitor.resolve_alert(full_disk());
    monitor.alert(Alert::warning("nobody is woken by this"));
    monitor.flush(LONG);
    let mut bodies = receiver.bodies();
    take_time(&mut bodies[0]["payload"]["timestamp"]);
    assert_eq!(
        bodies,
        [
            json!({
                "routing_key": ROUTING_KEY,
                "event_action": "trigger",
                "dedup_key": KEY,
                "client": "monitor-layer",
                "payload": {
                    "summary": "Disk <almost> full & slow",
                    "source": "api",
                    "severity": "critical",
                    "timestamp": null,
                    "group": "test",
                    "custom_details": {
                        "description": "17 MB are left of postgres://me:[REDACTED]@db/x",
                        "disk": "/data",
                        "apiToken": "[REDACTED]",
                        "free_mb": "17",
                        "trace_id": trace,
                    },
                },
                "links": [
                    {"text": "Runbook", "href": "https://runbooks.example/disk?a=1&b=2"},
                    {"text": "Dashboard", "href": "https://grafana.example/d/disk"},
                    {"text": "Log", "href": "https://log.example/|x"},
                ],
            }),
            json!({"routing_key": ROUTING_KEY, "event_action": "resolve", "dedup_key": KEY}),
        ]
    );
    let head = &receiver.got()[0].head;
    assert!(head.starts_with("POST /v2/enqueue HTTP/1.1\n"), "{head}");
    assert!(
        head.to_lowercase()
            .contains("content-type: application/json\n"),
        "{head}"
    );
    assert_eq!(outcomes(&monitor, "pagerduty"), [2.0, 0.0, 0.0, 0.0]);
}

#[test]
fn slack_gets_a_text_that_begins_with_the_severity_and_blocks_without_markup_of_the_alert_s() {
    let receiver = Receiver::start();
    let monitor = monitor(|builder| builder.slack(slack(&receiver)));
    monitor.alert(full_disk());
    monitor.resolve_alert(Alert::info("never told of"));
    monitor.resolve_alert(full_disk());
    monitor.flush(LONG);
    let mrkdwn = |text: &str| json!({"type": "mrkdwn", "text": text});
    let headline = "[critical] Disk &lt;almost&gt; full &amp; slow";
    let about = format!("*{headline}*\n17 MB are left of postgres://me:[REDACTED]@db/x");
    let bodies = receiver.bodies();
    assert_eq!(
        bodies[0],
        json!({
            "text": headline,
            "blocks": [
                {"type": "section", "text": mrkdwn(&about)},
                {"type": "section", "fields": [
                    mrkdwn("*apiToken*\n[REDACTED]"),
                    mrkdwn("*disk*\n/data"),
                    mrkdwn("*free_mb*\n17"),
                ]},
                {"type": "section", "text": mrkdwn(
                    "<https://runbooks.example/disk?a=1&amp;b=2|Runbook> · \
                     <https://grafana.example/d/disk|Dashboard> · <https://log.example/%7Cx|Log>"
                )},
                {"type": "context", "elements": [mrkdwn("api · test")]},
            ],
        })
    );
    let texts = receiver.texts();
    assert_eq!(
        texts,
        [headline, "[resolved] Disk &lt;almost&gt; full &amp; slow"]
    );
    assert_eq!(outcomes(&monitor, "slack"), [2.0, 1.0, 0.0, 0.0]);
}

#[test]
fn an_alertmanager_gets_an_alert_that_fires_for_twice_the_interval_and_is_the_only_one_told() {
    let (receiver, other) = (Receiver::start(), Receiver::start());
    let monitor = monitor(|builder| {
        let url = receiver.url("/prefix/").replace("//", "//me:hunter22@");
        builder
            .alertmanager(Alertmanager::new(url))
            .slack(slack(&other))
            .pagerduty(pagerduty(&other))
    });
    monitor.alert(
        full_disk()
            .label("service", "mine")
            .label("5xx.rate", "high"),
    );
    monitor.flush(LONG);
    let mut bodies = receiver.bodies();
    let alert = &mut bodies[0][0];
    let times = [
        take_time(&mut alert["startsAt"]),
        take_time(&mut alert["endsAt"]),
    ];
    let [starts, ends] = times.map(|time| seconds(&time));
    assert!((600..=605).contains(&(ends - starts)), "{starts} {ends}");
    assert_eq!(
        bodies,
        [json!([{
            "labels": {
                "alertname": "Disk <almost> full & slow",
                "severity": "critical",
                "service": "api",
                "env": "test",
                "disk": "/data",
                "apiToken": "[REDACTED]",
                "exported_service": "mine",
                "_5xx_rate": "high",
            },
            "annotations": {
                "summary": "Disk <almost> full & slow",
                "description": "17 MB are left of postgres://me:[REDACTED]@db/x",
                "free_mb": "17",
                "runbook_url": "https://runbooks.example/disk?a=1&b=2",
                "dashboard_url": "https://grafana.example/d/disk",
            },
            "startsAt": null,
            "endsAt": null,
        }])]
    );
    let head = &receiver.got()[0].head;
    assert!(
        head.starts_with("POST /prefix/api/v2/alerts HTTP/1.1\n"),
        "{head}"
    );
    let basic = "authorization: basic bwu6ahvudgvymji=";
    assert!(head.to_lowercase().contains(basic), "{head}");
    assert!(other.got().is_empty());
    monitor.resolve_alert(full_disk());
    monitor.flush(LONG);
    let ended = &receiver.bodies()[1][0];
    assert_eq!(ended["startsAt"], ended["endsAt"]);
    assert_eq!(ended["labels"]["alertname"], "Disk <almost> full & slow");
}

/// Of the day, or the day after.
fn seconds(time: &str) -> u64 {
    let part = |at: usize| time[at..at + 2].parse::<u64>().unwrap();
    part(8) * 86_400 + part(11) * 3600 + part(14) * 60 + part(17)
}

#[test]
fn an_alert_of_any_size_fits_what_each_service_takes() {
    let (people, machine) = (Receiver::start(), Receiver::start());
    let monitor = monitor(|builder| builder.pagerduty(pagerduty(&machine)).slack(slack(&people)));
    // Each becomes six bytes in JSON, and five in Slack.
    let (control, markup) = ("\u{1}".repeat(1 << 20), "&".repeat(1 << 20));
    let huge = |text: &str| {
        let mut alert = Alert::critical(text.to_owned()).description(text.to_owned());
        for number in 0..10_000 {
            let name = format!("{number} {text}");
            alert = alert
                .label(name.clone(), text.to_owned())
                .detail(name, text)
                .link(text.to_owned(), text.to_owned());
            if number > 100 {
                break;
            }
        }
        alert.key(text.to_owned())
    };
    monitor.alert(huge(&control));
    monitor.alert(huge(&markup));
    monitor.flush(LONG);
    let (events, messages) = (machine.bodies(), people.bodies());
    assert_eq!((events.len(), messages.len()), (2, 2));
    for event in &events {
        let length = event.to_string().len();
        assert!(length <= 512_000, "{length}");
        let text = |value: &Value| value.as_str().unwrap().len();
        assert!(text(&event["payload"]["summary"]) <= 1024);
        assert!(text(&event["dedup_key"]) <= 255);
    }
    for message in &messages {
        assert!(message["text"].as_str().unwrap().len() <= 4000);
        for block in message["blocks"].as_array().unwrap() {
            let text = block["text"]["text"].as_str().unwrap_or_default();
            assert!(text.len() <= 3000, "{}", text.len());
            let fields = block["fields"].as_array();
            for field in fields.into_iter().flatten() {
                let text = field["text"].as_str().unwrap();
                assert!(text.len() <= 2000, "{}", text.len());
            }
        }
    }
    assert_eq!(lost(&monitor), 0.0);
}
