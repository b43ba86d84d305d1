use std::{fmt, pin::Pin, time::Duration};

use http::HeaderMap;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

/// More than any collector has to say; the rest of a longer answer is an error.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// Sends batches, and blocks while it does so: for the batch processor's own thread alone.
#[derive(Clone)]
pub(super) struct Client {
    agent: ureq::Agent,
    headers: HeaderMap,
}

impl Client {
    /// `timeout` holds for one request to the last byte of its answer.
    pub(super) fn new(timeout: Duration, headers: HeaderMap) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            // Whether to try again is told by the status.
            .http_status_as_error(false)
            // A collector does not redirect, and what does is not to be sent traces.
            .max_redirects(0)
            .user_agent(concat!("monitor-layer/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
            headers,
        }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (mut head, body) = request.into_parts();
        for (name, value) in &self.headers {
            head.headers.insert(name, value.clone());
        }
        let answer = self.agent.run(Request::from_parts(head, &body[..]))?;
        let (head, mut body) = answer.into_parts();
        let body = body.with_config().limit(LONGEST_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }
}

impl HttpClient for Client {
    fn send_bytes<'client, 'future>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'future>>
    where
        'client: 'future,
        Self: 'future,
    {
        Box::pin(std::future::ready(self.send(request)))
    }
}

/// Without the headers, which may hold a key.
impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}
