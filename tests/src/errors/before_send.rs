//! What the user makes of events before they are sent.

use std::io;

use monitor_layer::{Category, capture_error, testing::TestMonitor};

fn lost(monitor: &TestMonitor) -> f64 {
    monitor.metric("telemetry_dropped_total", [("signal", "errors")])
}

#[tokio::test]
async fn an_event_may_be_changed_and_what_is_added_is_redacted() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.before_send(|mut event| {
            assert_eq!(event.message, "postgres://me:[REDACTED]@db");
            event.tags.push(("region".to_owned(), "eu".to_owned()));
            event
                .extras
                .push(("password".to_owned(), "hunter2".to_owned()));
            Some(event)
        })
    })
    .unwrap();
    let error = io::Error::other("postgres://me:hunter2@db");
    monitor.scope(async { capture_error(&error).send() }).await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.tags, [("region".to_owned(), "eu".to_owned())]);
    assert_eq!(
        event.extras,
        [("password".to_owned(), "[REDACTED]".to_owned())]
    );
}

#[tokio::test]
async fn an_event_that_is_dropped_is_counted_and_not_lost() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.before_send(|event| (event.category != Category::Timeout).then_some(event))
    })
    .unwrap();
    monitor
        .scope(async {
            capture_error("timed out");
            capture_error("no disk");
        })
        .await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.message, "no disk");
    assert_eq!(
        (monitor.metric("errors_total", []), lost(&monitor)),
        (2.0, 0.0)
    );
}

#[tokio::test]
async fn an_event_that_it_panics_at_is_lost_and_the_work_goes_on() {
    let monitor =
        TestMonitor::build("api", |builder| builder.before_send(|_| panic!("broken"))).unwrap();
    let done = monitor.job("job-1").run(async {
        capture_error("no disk");
        Ok::<_, io::Error>(7)
    });
    assert_eq!(done.await.unwrap(), 7);
    assert_eq!((monitor.errors().len(), lost(&monitor)), (0, 1.0));
}

#[tokio::test]
async fn one_that_captures_in_turn_does_not_go_on_without_an_end() {
    let monitor = TestMonitor::build("api", |builder| {
        builder.before_send(|event| {
            // Another one each time.
            capture_error(&format!("{}x", event.message));
            Some(event)
        })
    })
    .unwrap();
    monitor.scope(async { capture_error("first").send() }).await;
    assert_eq!(monitor.errors().len(), 1);
    assert_eq!(
        (monitor.metric("errors_total", []), lost(&monitor)),
        (2.0, 1.0)
    );
}
