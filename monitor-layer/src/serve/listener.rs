use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::serve::Listener;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{
    metrics::{Metrics, OpenConnection},
    monitor::Monitor,
};

impl Monitor {
    /// Counts a listener's connections in `http_open_connections`, for `axum::serve`; [`serve`](Self::serve) does so
    /// itself.
    ///
    /// ```no_run
    /// # use monitor_layer::Monitor;
    /// # async fn run(monitor: Monitor, app: axum::Router) -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// axum::serve(monitor.count_connections(listener), app)
    ///     .with_graceful_shutdown(monitor.shutdown_requested())
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn count_connections<L: Listener>(&self, listener: L) -> CountedListener<L> {
        let metrics = &self.core().metrics;
        metrics.count_connections();
        CountedListener {
            listener,
            metrics: Arc::clone(metrics),
        }
    }
}

/// A listener whose connections are counted: made by [`Monitor::count_connections`].
#[must_use = "it is to be given to `axum::serve`"]
pub struct CountedListener<L> {
    listener: L,
    metrics: Arc<Metrics>,
}

impl<L: Listener> Listener for CountedListener<L> {
    type Io = CountedConnection<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (io, address) = self.listener.accept().await;
        let counted = OpenConnection::new(&self.metrics);
        let connection = CountedConnection {
            io,
            _counted: counted,
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

impl<L: fmt::Debug> fmt::Debug for CountedListener<L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("CountedListener")
            .field(&self.listener)
            .finish()
    }
}

pin_project! {
    /// A connection that is counted until it is closed, though it is upgraded: of a [`CountedListener`].
    pub struct CountedConnection<I> {
        #[pin]
        io: I,
        _counted: OpenConnection,
    }
}

impl<I: AsyncRead> AsyncRead for CountedConnection<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().io.poll_read(context, buffer)
    }
}

impl<I: AsyncWrite> AsyncWrite for CountedConnection<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().io.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().io.poll_write_vectored(context, buffers)
    }
}

impl<I: fmt::Debug> fmt::Debug for CountedConnection<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("CountedConnection")
            .field(&self.io)
            .finish()
    }
}
