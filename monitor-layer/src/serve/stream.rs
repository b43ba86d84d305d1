use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{open::Place, state::Stage};

/// A socket with its place among the open connections.
pub(super) struct ServedStream {
    // Before its place: it is closed when it is no longer counted.
    socket: TcpStream,
    place: Place,
}

impl ServedStream {
    pub(super) const fn new(socket: TcpStream, place: Place) -> Self {
        Self { socket, place }
    }

    /// An upgraded connection has no task that could be stopped, so it ends by an error.
    fn check(&self) -> io::Result<()> {
        match self.place.state.stage() {
            Stage::Cut => Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the server has stopped",
            )),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for ServedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.place.state.is_upgraded() {
            this.place.state.watch(context.waker());
        }
        this.check()?;
        Pin::new(&mut this.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for ServedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check()?;
        Pin::new(&mut this.socket).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check()?;
        Pin::new(&mut this.socket).poll_write_vectored(context, buffers)
    }
}
