//! A service that starts, is ready, and drains.

use http::Method;
use monitor_layer::testing::TestMonitor;

use super::{ask, fine, ready};

#[tokio::test(start_paused = true)]
async fn a_service_that_starts_is_ready_when_it_says_so_and_one_that_drains_never_again() {
    let monitor =
        TestMonitor::build("api", |builder| builder.starting().check("database", fine)).unwrap();
    let expect = async |status: u16, body: &str| {
        let answer = ready(&monitor).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (status, body)
        );
        let alive = ask(&monitor, Method::GET, "/health").await;
        assert_eq!(alive.status, 200);
    };
    let starting =
        r#"{"ready":false,"checks":{"database":{"healthy":true,"latency":0}},"state":"starting"}"#;
    let is_ready = r#"{"ready":true,"checks":{"database":{"healthy":true,"latency":0}}}"#;
    let draining =
        r#"{"ready":false,"checks":{"database":{"healthy":true,"latency":0}},"state":"draining"}"#;
    expect(503, starting).await;
    monitor.worker("worker").ready();
    expect(200, is_ready).await;
    monitor.request_shutdown();
    expect(503, draining).await;
    monitor.ready();
    expect(503, draining).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_stopped_while_it_starts_is_not_ready() {
    let monitor = TestMonitor::build("api", monitor_layer::MonitorBuilder::starting).unwrap();
    monitor.request_shutdown();
    monitor.ready();
    let answer = ready(&monitor).await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.text,
        r#"{"ready":false,"checks":{},"state":"draining"}"#
    );
}
