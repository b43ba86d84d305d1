use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Method, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::{Value, json};
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::{Demo, Form, Http, until};

/// Does everything that the demo offers, once, and waits until all of it is over and in the log.
pub(crate) async fn drive_everything(http: &Http, demo: &Demo) {
    ask_for_everything(http, demo).await;
    // What the worker does last with a job is to store its end, which the queue's samples then count.
    until("the worker to be done", async || {
        let read = Form::Text.read(&Form::Text.scrape(http, &demo.url).await);
        let over = ["COMPLETED", "FAILED", "CANCELLED"];
        match over.map(|status| read.sum("jobs_by_status", "status", status)) {
            [1.0, 1.0, 1.0] => Ok(()),
            jobs => Err(format!("{jobs:?}")),
        }
    })
    .await;
    at_rest(demo).await;
}

/// Does everything that the demo offers.
pub(crate) async fn ask_for_everything(http: &Http, demo: &Demo) {
    let at = |path: &str| format!("{}{path}", demo.url);
    let ask =
        async |method, path: &str, body: Value| http.ask(method, &at(path), body.to_string()).await;
    for script in ["Salt was money.", "[image: lost.gif]", "[pause: 30s]"] {
        let job = json!({"title": "Salt", "niche": "history", "script": script, "user": "u-1"});
        let accepted = ask(Method::POST, "/jobs", job).await.json();
        let job = format!("/jobs/{}", accepted["jobId"].as_str().unwrap());
        if script.starts_with("[pause") {
            ask(Method::DELETE, &job, Value::Null).await;
        }
        // Ends with the job.
        ask(Method::GET, &format!("{job}/events"), Value::Null).await;
        for path in [&job, &format!("{job}/video")] {
            ask(Method::GET, path, Value::Null).await;
        }
    }
    for method in ["email", "google"] {
        ask(Method::POST, "/signups", json!({ "method": method })).await;
    }
    for path in ["/purchases", "/refunds"] {
        let payment = json!({"type": "purchase", "usd": 9.9});
        ask(Method::POST, path, payment).await;
    }
    for (user, plan) in [("u-1", "basic"), ("u-1", "pro"), ("u-2", "basic")] {
        let subscription = json!({"user": user, "plan": plan});
        ask(Method::POST, "/subscriptions", subscription).await;
    }
    for user in ["u-1", "u-3"] {
        ask(
            Method::DELETE,
            &format!("/subscriptions/{user}"),
            Value::Null,
        )
        .await;
    }
    ask(Method::POST, "/purchases", json!("nonsense")).await;
    ask(Method::DELETE, "/purchases", Value::Null).await;
    ask(Method::GET, "/nothing", Value::Null).await;
    ask(Method::GET, "/ready", Value::Null).await;
    check_over_grpc(&demo.url).await;
}

/// Asks the gRPC health service for what there is and what there is not, and watches it for a moment.
async fn check_over_grpc(url: &str) {
    let asking_for = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut client = health_client(url).await;
    let checked = client.check(asking_for("")).await.unwrap();
    assert_eq!(checked.into_inner().status(), ServingStatus::Serving);
    let refused = client.check(asking_for("nothing")).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let mut watched = client.watch(asking_for("")).await.unwrap().into_inner();
    assert!(watched.message().await.unwrap().is_some());
}

pub(crate) async fn health_client(url: &str) -> HealthClient<Channel> {
    let server = Endpoint::from_shared(url.to_owned()).unwrap();
    HealthClient::new(server.connect().await.unwrap())
}

/// Makes so many requests whose bodies take their time, from a millisecond to a fifth of a second, most of them
/// short, and waits until all of them are in the log.
pub(crate) async fn sign_up_slowly(http: &Http, demo: &Demo, count: u32) {
    stream::iter(0..count)
        .for_each_concurrent(50, async |index| {
            let share = f64::from(index) / f64::from(count);
            let pause = Duration::from_secs_f64(0.001 * 200_f64.powf(share));
            let half = |text: &'static str| {
                Ok::<_, Infallible>(Frame::data(Bytes::from_static(text.as_bytes())))
            };
            let later = stream::once(async move {
                tokio::time::sleep(pause).await;
                half(r#""email"}"#)
            });
            let halves = stream::iter([half(r#"{"method":"#)]).chain(later);
            let request = Request::post(format!("{}/signups", demo.url))
                .body(StreamBody::new(halves).boxed_unsync())
                .unwrap();
            assert_eq!(http.send(request).await.unwrap().status, 201);
        })
        .await;
    at_rest(demo).await;
}

/// Waits until every request that is in the log as started is there as completed.
async fn at_rest(demo: &Demo) {
    until("every request to be over", async || {
        let count = |message: &str| {
            let lines = demo.lines();
            lines
                .iter()
                .filter(|line| line["message"] == message)
                .count()
        };
        let (started, completed) = (count("Request started"), count("Request completed"));
        match started == completed {
            true => Ok(()),
            false => Err(format!("{completed} of {started}")),
        }
    })
    .await;
}
