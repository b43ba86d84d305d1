//! What has not ended by the deadline is told of, and counted once.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};

use super::served::Served;

async fn without_time() -> Served {
    Served::start_with(|serve| serve.grace(Duration::ZERO).deadline(Duration::ZERO)).await
}

/// What a line tells besides how long it took.
fn metadata(line: &Value) -> Value {
    let mut metadata = line["metadata"].clone();
    metadata.as_object_mut().unwrap().remove("durationMs");
    metadata
}

#[tokio::test]
async fn a_request_is_told_of_by_its_route_and_step_and_counted_once() {
    let mut served = without_time().await;
    let mut client = served.under_way("/stuck/7").await;
    served.monitor.request_shutdown();
    served.ended().await;
    assert_eq!(client.read_to_close().await, "");

    let passed = served.told("Deadline passed with work in flight");
    let expected = json!({
        "requests": 1, "jobs": 0, "connections": 1, "steps": "outer (1), wait_for_provider (1)"
    });
    assert_eq!(metadata(&passed[0]), expected);
    let abandoned = served.told("Request abandoned");
    assert_eq!(abandoned.len(), 1);
    let expected = json!({"method": "GET", "route": "/stuck/{id}", "step": "wait_for_provider"});
    assert_eq!(metadata(&abandoned[0]), expected);
    assert_eq!(abandoned[0]["level"], "warn");
    let completed = served.told("Request completed");
    assert_eq!(completed.len(), 1);
    assert_eq!(completed[0]["metadata"]["outcome"], "cancelled");
    assert_eq!(completed[0]["traceId"], abandoned[0]["traceId"]);
    let last = &served.told("Shutdown completed")[0];
    assert_eq!(last["metadata"]["abandonedRequests"], 1);
    assert_eq!(served.monitor.lines().last().unwrap(), last);
    assert_eq!(served.outcomes("cancelled"), 1.0);
    assert_eq!(
        served.monitor.metric("http_requests_started_total", []),
        1.0
    );
    assert_eq!((served.active(), served.open_connections()), (0.0, 0.0));
}

#[tokio::test]
async fn an_answer_under_way_is_aborted() {
    let mut served = without_time().await;
    let mut client = served.under_way("/endless").await;
    client.read_until("first").await;
    served.monitor.request_shutdown();
    served.ended().await;
    assert_eq!(served.outcomes("aborted"), 1.0);
    let abandoned = served.told("Request abandoned");
    assert_eq!(
        metadata(&abandoned[0]),
        json!({"method": "GET", "route": "/endless"})
    );
}

#[tokio::test]
async fn a_websocket_is_cut_off_and_counted_as_upgraded() {
    let mut served = without_time().await;
    let url = format!("ws://{}/echo", served.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    socket.send("one".into()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "one".into());
    served.monitor.request_shutdown();
    served.ended().await;
    assert!(!matches!(socket.next().await, Some(Ok(message)) if message.is_text()));
    assert_eq!(served.outcomes("upgraded"), 1.0);
    assert_eq!(served.told("Request abandoned").len(), 1);
    assert_eq!((served.active(), served.open_connections()), (0.0, 0.0));
}

#[tokio::test]
async fn a_hundred_are_told_of_one_by_one_and_all_are_counted() {
    let mut served = without_time().await;
    let mut clients = Vec::new();
    for _ in 0..103 {
        clients.push(served.under_way("/gated").await);
    }
    served.monitor.request_shutdown();
    served.ended().await;
    assert_eq!(served.told("Request abandoned").len(), 100);
    assert_eq!(served.outcomes("cancelled"), 103.0);
    let last = served.told("Shutdown completed");
    assert_eq!(last[0]["metadata"]["abandonedRequests"], 103);
}

#[tokio::test]
async fn who_leaves_by_itself_is_not_abandoned() {
    let served = Served::start().await;
    drop(served.under_way("/stuck/7").await);
    served
        .eventually("the request to be over", || {
            served.outcomes("cancelled") == 1.0
        })
        .await;
    assert_eq!(served.told("Request abandoned"), Vec::<Value>::new());
}
