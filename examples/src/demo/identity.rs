//! Another service: who signs up by Google is confirmed by an identity provider, for which the demo stands in itself.

use std::{error::Error, net::Ipv4Addr};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use http::Request;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use monitor_layer::{ClientService, Monitor};
use tokio::net::TcpListener;
use tower::{Layer as _, ServiceExt as _};

/// Calls the provider.
#[derive(Clone)]
pub(crate) struct IdentityProvider {
    client: ClientService<Client<HttpConnector, Full<Bytes>>>,
    confirmations: String,
}

impl IdentityProvider {
    /// Starts the stand-in, on a port that nobody else has, and what calls it.
    pub(crate) async fn start(monitor: &Monitor) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let provider = Router::new().route("/confirmations", post(async || StatusCode::CREATED));
        tokio::spawn(async move { axum::serve(listener, provider).await });
        let layer = monitor
            .client_layer()
            .host_group("identity", [address.ip().to_string()]);
        Ok(Self {
            client: layer.layer(Client::builder(TokioExecutor::new()).build_http()),
            confirmations: format!("http://{address}/confirmations"),
        })
    }

    /// Whether the provider knows the user. The call carries the trace on.
    pub(crate) async fn confirm(&self) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let request = Request::post(&self.confirmations).body(Full::default())?;
        let response = self.client.clone().oneshot(request).await?;
        Ok(response.status().is_success())
    }
}
