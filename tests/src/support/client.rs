use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A client that says what it is told to, byte by byte, and leaves when it is dropped.
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        // Leaving is to be seen at once, as a reset.
        stream.set_zero_linger().unwrap();
        Self(stream)
    }

    pub(crate) async fn send(&mut self, request_line: &str) {
        self.send_raw(format!("{request_line} HTTP/1.1\r\nhost: test\r\n\r\n").as_bytes())
            .await;
    }

    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Reads until this text has come.
    pub(crate) async fn read_until(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let so_far = String::from_utf8_lossy(&seen);
            if so_far.contains(text) {
                return so_far.into_owned();
            }
            let length = self.0.read(&mut buffer).await.unwrap();
            assert!(length > 0, "closed before {text:?} came: {so_far}");
            seen.extend_from_slice(&buffer[..length]);
        }
    }

    /// Reads until the server closes or resets the connection.
    pub(crate) async fn read_to_close(&mut self) -> String {
        let mut seen = Vec::new();
        // A reset is a close, too.
        let _ = self.0.read_to_end(&mut seen).await;
        String::from_utf8_lossy(&seen).into_owned()
    }
}
