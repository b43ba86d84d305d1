//! Light traffic of the demo's own, good and bad, so that there is something to see.

use std::{net::SocketAddr, time::Duration};

use axum::body::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::task::AbortHandle;
use tonic::transport::Endpoint;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::{niche::Niche, plan::Plan};

const PAUSE: Duration = Duration::from_millis(900);
/// Of a caller that leaves before the answer.
const PATIENCE: Duration = Duration::from_micros(50);

const STORIES: [(&str, &str); 5] = [
    (
        "Compound interest",
        "A coin saved early grows up with you.\n\nA coin saved late stays a child.",
    ),
    (
        "Salt",
        "Salt was money once.\n\nRoads were built for it.\n\nThen it came in bags.",
    ),
    (
        "Tides",
        "The moon pulls.\n\n[pause: 300ms]\nThe sea answers, twice a day.",
    ),
    (
        "The stairs",
        "There were twelve stairs.\n\nTonight there are thirteen.",
    ),
    ("One more", "Nobody sees the first mile.\n\nRun it anyway."),
];

/// Requests to this address for as long as this lives.
pub(crate) struct Traffic(AbortHandle);

impl Traffic {
    pub(crate) fn start(address: SocketAddr) -> Self {
        // An address that means all of them is not one to connect to.
        let ip = match address.ip() {
            ip if !ip.is_unspecified() => ip,
            ip if ip.is_ipv4() => std::net::Ipv4Addr::LOCALHOST.into(),
            _ => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        let caller = Caller {
            client: Client::builder(TokioExecutor::new()).build_http(),
            root: format!("http://{}", SocketAddr::new(ip, address.port())),
        };
        Self(tokio::spawn(caller.call_for_ever()).abort_handle())
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    root: String,
}

impl Caller {
    async fn call_for_ever(self) {
        let mut last_job = None;
        for round in 0_usize.. {
            match round % 16 {
                0 | 4 => last_job = self.create(round / 4, None).await,
                1 | 3 | 6 => self.look_at(last_job.as_deref()).await,
                2 => {
                    let method = if round % 32 == 2 { "email" } else { "google" };
                    self.post("/signups", json!({"method": method})).await;
                }
                5 => {
                    self.post("/purchases", json!({"type": "purchase", "usd": 9.9}))
                        .await;
                }
                7 if round % 32 == 7 => last_job = self.create(round / 4, Some("[busy: 2]")).await,
                7 => last_job = self.create(round / 4, Some("[image: lost.gif]")).await,
                8 => self.post("/jobs", json!({"title": "No script"})).await,
                9 => {
                    let slow = self.create(round / 4, Some("[pause: 20s]")).await;
                    tokio::time::sleep(PAUSE).await;
                    if let Some(id) = slow {
                        self.send(Method::DELETE, &format!("/jobs/{id}"), None)
                            .await;
                    }
                }
                10 => {
                    let hasty = self.look_at(last_job.as_deref());
                    let _ = tokio::time::timeout(PATIENCE, hasty).await;
                }
                11 => {
                    self.send(Method::GET, "/favicon.ico", None).await;
                }
                12 => {
                    let watched = self.create(round / 4, None).await;
                    let id = watched.as_deref().unwrap_or("unknown");
                    self.send(Method::GET, &format!("/jobs/{id}/events"), None)
                        .await;
                    last_job = watched;
                }
                13 => self.subscribe(round / 16).await,
                14 => {
                    self.post("/refunds", json!({"type": "purchase", "usd": 4.5}))
                        .await;
                }
                _ => self.check_over_grpc().await,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn create(&self, story: usize, extra: Option<&str>) -> Option<String> {
        let (title, script) = STORIES[story % STORIES.len()];
        let script = format!("{script}\n\n{}", extra.unwrap_or_default());
        let body = json!({
            "title": title,
            "niche": Niche::ALL[story % Niche::ALL.len()].as_str(),
            "script": script,
            "user": format!("u-{}", story % 3),
        });
        let answer = self.send(Method::POST, "/jobs", Some(body)).await?;
        Some(answer["jobId"].as_str()?.to_owned())
    }

    /// Somebody subscribes, and who did so a while ago leaves.
    async fn subscribe(&self, time: usize) {
        let plan = Plan::ALL[time % Plan::ALL.len()].as_str();
        let body = json!({"user": format!("u-{}", time % 5), "plan": plan});
        self.post("/subscriptions", body).await;
        let leaving = format!("/subscriptions/u-{}", (time + 2) % 5);
        self.send(Method::DELETE, &leaving, None).await;
    }

    /// Asks for the service as a whole, and for one that there is not.
    async fn check_over_grpc(&self) {
        let Ok(endpoint) = Endpoint::from_shared(self.root.clone()) else {
            return;
        };
        let mut client = HealthClient::new(endpoint.connect_lazy());
        for service in ["", "nothing"] {
            let service = service.to_owned();
            // A call that fails is the server's to tell of.
            let _ = client.check(HealthCheckRequest { service }).await;
        }
    }

    async fn look_at(&self, job: Option<&str>) {
        let id = job.unwrap_or("unknown");
        self.send(Method::GET, &format!("/jobs/{id}"), None).await;
        self.send(Method::GET, &format!("/jobs/{id}/video"), None)
            .await;
    }

    async fn post(&self, path: &str, body: Value) {
        self.send(Method::POST, path, Some(body)).await;
    }

    /// What came back, where it is JSON; a call that fails is the server's to tell of.
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.root))
            .header("content-type", "application/json")
            .body(Full::from(body))
            .ok()?;
        let response = self.client.request(request).await.ok()?;
        let bytes = response.into_body().collect().await.ok()?.to_bytes();
        serde_json::from_slice(&bytes).ok()
    }
}
