use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// For an answer, streams that end with a job included.
const LIMIT: Duration = Duration::from_secs(60);

/// A client on loopback.
#[derive(Clone)]
pub(crate) struct Http(Client<HttpConnector, Body>);

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Http {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Answer, String> {
        let request = Request::get(url).body(Full::default().boxed_unsync());
        self.send(request.unwrap()).await
    }

    /// Sends a request that has to be answered.
    pub(crate) async fn ask(&self, method: Method, url: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::builder().method(method).uri(url);
        let request = request.body(Full::new(body.into()).boxed_unsync());
        self.send(request.unwrap()).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Answer, String> {
        let what = format!("{} {}", request.method(), request.uri());
        let answered = tokio::time::timeout(LIMIT, self.answer(request)).await;
        answered.unwrap_or_else(|_| Err(format!("{what} had no whole answer within {LIMIT:?}")))
    }

    async fn answer(&self, request: Request<Body>) -> Result<Answer, String> {
        let response = self.0.request(request).await;
        let (head, body) = response.map_err(|error| format!("{error:?}"))?.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            bytes: body.to_bytes(),
        })
    }
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}
