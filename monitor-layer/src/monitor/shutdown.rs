use std::sync::Arc;

use super::Monitor;

/// Told once, seen by all.
#[derive(Default)]
pub(crate) struct Requested(tokio::sync::watch::Sender<bool>);

impl Requested {
    fn tell(&self) {
        self.0.send_replace(true);
    }

    async fn wait(&self) {
        // The sender is `self`, so it cannot be gone.
        let _ = self.0.subscribe().wait_for(|requested| *requested).await;
    }
}

impl Monitor {
    /// Completes when the process is asked to stop: SIGTERM, Ctrl-C, or [`request_shutdown`](Self::request_shutdown).
    ///
    /// ```no_run
    /// # #[cfg(feature = "axum")] {
    /// # use monitor_layer::Monitor;
    /// # async fn run(monitor: Monitor, app: axum::Router) -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// axum::serve(listener, app)
    ///     .with_graceful_shutdown(monitor.shutdown_requested())
    ///     .await?;
    /// monitor.shutdown(std::time::Duration::from_secs(5)).await;
    /// # Ok(()) } }
    /// ```
    pub fn shutdown_requested(&self) -> impl Future<Output = ()> + Send + use<> {
        let core = Arc::clone(self.core());
        async move {
            tokio::select! {
                () = signalled() => core.shutdown.tell(),
                () = core.shutdown.wait() => {}
            }
        }
    }

    /// Completes every [`shutdown_requested`](Self::shutdown_requested), as a signal would.
    pub fn request_shutdown(&self) {
        self.core().shutdown.tell();
    }
}

async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) else {
            tracing::warn!("Signals cannot be watched: stop the service by request_shutdown()");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        tracing::warn!("Ctrl-C cannot be watched: stop the service by request_shutdown()");
        std::future::pending::<()>().await;
    }
}
