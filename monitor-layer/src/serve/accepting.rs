use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::net::{TcpListener, TcpStream};

use crate::monitor::Core;

/// Until the next try where a connection could not be accepted: descriptors run out and come back.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two lines about that.
const LINES: Duration = Duration::from_secs(60);

/// Accepts connections, and goes on where that fails for a while.
pub(super) struct Accepting {
    core: Arc<Core>,
    listener: TcpListener,
    told: Option<Instant>,
}

impl Accepting {
    pub(super) const fn new(core: Arc<Core>, listener: TcpListener) -> Self {
        Self {
            core,
            listener,
            told: None,
        }
    }

    /// The next connection. May be dropped before it comes; the pause after a failure is cut short then.
    ///
    /// # Errors
    ///
    /// Where there will never be one.
    pub(super) async fn next(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        loop {
            let error = match self.listener.accept().await {
                Ok(accepted) => return Ok(accepted),
                Err(error) => error,
            };
            match error.kind() {
                // Of one client, which is gone.
                io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::Interrupted => {}
                // Of a socket that does not listen, or is none.
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => return Err(error),
                _ => {
                    self.tell(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn tell(&mut self, error: &io::Error) {
        if self.told.is_some_and(|told| told.elapsed() < LINES) {
            return;
        }
        self.told = Some(Instant::now());
        let warning = format!(
            "No connection can be accepted: {error}. It is tried again; check how many files the process may have open"
        );
        self.core.log.warning(&self.core, &warning);
    }

    /// Closes the listener. Gives back the connections that wait in it, for their clients think that they are accepted.
    pub(super) fn close(self) -> Vec<(TcpStream, SocketAddr)> {
        let Ok(listener) = self.listener.into_std() else {
            return Vec::new();
        };
        // It does not block: the last one is the one that is not there.
        let accepted = std::iter::from_fn(|| listener.accept().ok());
        accepted
            .filter_map(|(stream, peer)| {
                stream.set_nonblocking(true).ok()?;
                Some((TcpStream::from_std(stream).ok()?, peer))
            })
            .collect()
    }
}
