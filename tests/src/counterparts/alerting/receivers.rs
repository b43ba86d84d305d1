use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use serde_json::Value;
use tokio::{net::TcpListener, task::AbortHandle};

type Received = Arc<Mutex<Vec<Value>>>;

/// What stands where PagerDuty, Slack and the one who waits for the watchdog would.
pub(super) struct Receivers {
    pub(super) address: SocketAddr,
    pagerduty: Received,
    slack: Received,
    watchdog: Received,
    serving: AbortHandle,
}

impl Receivers {
    pub(super) async fn start() -> Self {
        let [pagerduty, slack, watchdog] = [(); 3].map(|()| Received::default());
        let takes = |received: &Received, answer: StatusCode| {
            let take = async move |State(received): State<Received>, Json(body): Json<Value>| {
                received.lock().unwrap().push(body);
                answer
            };
            post(take).with_state(Arc::clone(received))
        };
        let app = Router::new()
            .route("/pagerduty", takes(&pagerduty, StatusCode::ACCEPTED))
            .route("/slack", takes(&slack, StatusCode::OK))
            .route("/watchdog", takes(&watchdog, StatusCode::OK));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            pagerduty,
            slack,
            watchdog,
            serving: serving.abort_handle(),
        }
    }

    /// All that came for PagerDuty.
    pub(super) fn pagerduty(&self) -> Vec<Value> {
        self.pagerduty.lock().unwrap().clone()
    }

    /// All that came for Slack: the one attachment of each message.
    pub(super) fn slack(&self) -> Vec<Value> {
        let messages = self.slack.lock().unwrap();
        messages
            .iter()
            .map(|message| message["attachments"][0].clone())
            .collect()
    }

    /// How often the watchdog was heard.
    pub(super) fn watchdog(&self) -> usize {
        self.watchdog.lock().unwrap().len()
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
