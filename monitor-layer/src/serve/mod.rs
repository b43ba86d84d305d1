//! Serving from the first connection to the last line: [`Monitor::serve`].
//!
//! A [`server`] accepts; each connection is driven by a task of its own ([`driver`]), which learns by the connection's
//! [`state`] how far the server is with its end. [`accepting`] survives what can go wrong with a listener.

mod accepting;
mod driver;
mod error;
#[cfg(feature = "axum")]
mod listener;
mod open;
mod server;
mod service;
mod state;
mod stream;

use std::{error::Error, fmt, pin::Pin, time::Duration};

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tower_service::Service;

pub use self::error::ServeError;
#[cfg(feature = "axum")]
pub use self::listener::{CountedConnection, CountedListener};
use self::server::Server;
use crate::monitor::Monitor;

impl Monitor {
    /// Serves an app, an axum `Router` or any tower service, over HTTP/1 and HTTP/2, WebSockets and gRPC included, until
    /// the process is asked to stop, and sees to its end.
    ///
    /// Connections are counted in `http_open_connections`, upgraded ones until they close. Requests bear their peer's
    /// address, for [`TrustPolicy::network`](crate::TrustPolicy::network) and, with the feature `axum`, for handlers that
    /// take `ConnectInfo<SocketAddr>`. Where descriptors run out it goes on as soon as there are some again.
    ///
    /// At SIGTERM, Ctrl-C or [`request_shutdown`](Self::request_shutdown):
    ///
    /// 1. `/ready` answers 503, `/health` goes on to answer 200. Connections are still accepted, for load balancers and
    ///    peers to notice, for as long as the [`grace`](Serve::grace) time. Each connection is closed after its answer.
    /// 2. No connection is accepted any more, and those that are idle are closed. Requests and jobs in flight have until
    ///    the [`deadline`](Serve::deadline) to end, WebSockets too.
    /// 3. What has not ended by then is cut off and counts as `cancelled`, `aborted` or `upgraded`, with a line each that
    ///    says where it stood: `Request abandoned`, by route and step. Whoever holds a job has a second to hand it back
    ///    ([`shutdown_overdue`](Self::shutdown_overdue)); then `Job abandoned` tells of it by step, and it counts as
    ///    `CANCELLED` when it is dropped, at the runtime's end at the latest.
    /// 4. Lines, spans, errors and alerts that are on their way out are sent, within the
    ///    [`flush_deadline`](Serve::flush_deadline). Then it returns.
    ///
    /// A second signal ends the grace time, a third one the time until the deadline. The default times, 10, 15 and 3
    /// seconds, fit into the 30 that Kubernetes gives to a pod by default. To answer probes to the very end, have the
    /// endpoints on a port of their own ([`serve_endpoints`](Self::serve_endpoints)).
    ///
    /// # Errors
    ///
    /// [`ServeError`] where the listener does not accept connections.
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// use axum::{Router, routing::get};
    /// use monitor_layer::Monitor;
    ///
    /// let monitor = Monitor::builder("api").build()?;
    /// let app = Router::new()
    ///     .route("/jobs/{id}", get(async || "a job"))
    ///     .merge(monitor.routes())
    ///     .layer(monitor.layer());
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # monitor.request_shutdown();
    /// monitor
    ///     .serve(listener, app)
    ///     .grace(Duration::from_millis(5))
    ///     .await?;
    /// # Ok(()) } main().unwrap(); }
    /// ```
    pub fn serve<S, B>(&self, listener: TcpListener, app: S) -> Serve<S>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        Serve {
            monitor: self.clone(),
            listener,
            app,
            times: Times::default(),
        }
    }
}

/// An app that is to be served: made by [`Monitor::serve`]. It serves when it is awaited, and no longer than that.
#[must_use = "it does nothing until it is awaited"]
pub struct Serve<S> {
    monitor: Monitor,
    listener: TcpListener,
    app: S,
    times: Times,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    grace: Duration,
    deadline: Duration,
    flush: Duration,
    idle: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(10),
            deadline: Duration::from_secs(15),
            flush: Duration::from_secs(3),
            idle: Duration::from_secs(75),
        }
    }
}

impl<S> Serve<S> {
    /// How long connections are accepted after the process was asked to stop, 10 seconds by default: longer than it takes
    /// whoever sends requests to notice that `/ready` answers 503. Nothing where nobody asks.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.times.grace = grace;
        self
    }

    /// How long requests and jobs in flight may take after the grace time, 15 seconds by default.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.times.deadline = deadline;
        self
    }

    /// How long the last lines, spans and errors may take to be sent, 3 seconds by default.
    pub fn flush_deadline(mut self, deadline: Duration) -> Self {
        self.times.flush = deadline;
        self
    }

    /// How long an HTTP/1 connection may wait for the head of its next request, 75 seconds by default. Let it be longer
    /// than a load balancer keeps idle connections, which else sends requests into those that are closed just then: 60
    /// seconds at AWS, 600 at Google.
    ///
    /// A new connection has 30 seconds for its first request, whichever protocol it speaks.
    pub fn idle_limit(mut self, limit: Duration) -> Self {
        self.times.idle = limit;
        self
    }
}

impl<S, B> IntoFuture for Serve<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = Result<(), ServeError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self {
            monitor,
            listener,
            app,
            times,
        } = self;
        Box::pin(async move {
            Server::new(&monitor, app, times)
                .serve(&monitor, listener)
                .await
        })
    }
}

impl<S> fmt::Debug for Serve<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Serve")
            .field("listener", &self.listener)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
