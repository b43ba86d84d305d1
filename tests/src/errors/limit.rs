//! How many events alike are sent.

use std::io;

use monitor_layer::{capture_error, testing::TestMonitor};

#[tokio::test]
async fn ten_events_alike_are_sent_and_all_are_counted() {
    let monitor = TestMonitor::new("api");
    monitor
        .scope(async {
            for number in 0..50 {
                capture_error(&io::Error::other(format!("job {number} is lost")));
                capture_error(&io::Error::other("no disk"))
                    .code("PIPELINE_DISK")
                    .send();
            }
            capture_error(&io::Error::other("no network"));
        })
        .await;
    let of = |code: Option<&str>| {
        let events = monitor.errors().into_iter();
        events.filter(|event| event.code.as_deref() == code).count()
    };
    assert_eq!((of(Some("PIPELINE_DISK")), of(None)), (10, 11));
    assert_eq!(monitor.metric("errors_total", []), 101.0);
    let lost = monitor.metric("telemetry_dropped_total", [("signal", "errors")]);
    assert_eq!(lost, 0.0, "left out, and told of by the next one");
}
