use std::{net::SocketAddr, time::Duration};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, ToSocketAddrs},
    task::{AbortHandle, JoinSet},
};

use super::Endpoints;
use crate::{monitor::Monitor, serve::ServeError};

/// For a client to send a request's head.
const HEAD_TIME_LIMIT: Duration = Duration::from_secs(10);
/// Until the next try where a connection could not be accepted: descriptors run out and come back.
const PAUSE: Duration = Duration::from_millis(100);

/// Endpoints on a port of their own; dropping it closes the port.
#[derive(Debug)]
#[must_use = "dropping it closes the port"]
pub struct ServingEndpoints {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl ServingEndpoints {
    /// Where they are served; tells the port that the system picked, where 0 was asked for.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ServingEndpoints {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Monitor {
    /// Serves `/metrics`, `/health` and `/ready` on a port of their own.
    ///
    /// # Errors
    ///
    /// [`ServeError`] where the address cannot be listened at.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let monitor = monitor_layer::Monitor::builder("worker").build().unwrap();
    /// let serving = monitor.serve_endpoints("127.0.0.1:0").await.unwrap();
    /// assert_ne!(serving.address().port(), 0);
    /// # }
    /// ```
    pub async fn serve_endpoints(
        &self,
        address: impl ToSocketAddrs,
    ) -> Result<ServingEndpoints, ServeError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(ServeError::endpoints)?;
        let address = listener.local_addr().map_err(ServeError::endpoints)?;
        let accepting = tokio::spawn(accept(listener, self.endpoints()));
        Ok(ServingEndpoints {
            address,
            accepting: accepting.abort_handle(),
        })
    }
}

async fn accept(listener: TcpListener, endpoints: Endpoints) {
    // Open connections go with the task.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(endpoints.clone());
        connections.spawn(async move {
            // Its error is the client's going away.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME_LIMIT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
