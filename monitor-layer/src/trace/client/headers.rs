use http::HeaderMap;

use crate::trace::Current;

impl Current {
    /// `traceparent` and `tracestate` for a call that does not pass a [`ClientLayer`](crate::ClientLayer): the callee
    /// becomes a child of what is current here. Empty outside of every exchange, job and step.
    ///
    /// ```
    /// # async fn ask(client: reqwest::Client) -> reqwest::Result<reqwest::Response> {
    /// let headers = monitor_layer::current().headers();
    /// client.get("https://api.example.com/plans").headers(headers).send().await
    /// # }
    /// ```
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(context) = self.trace_context() {
            context.inject(&mut headers);
        }
        headers
    }
}
