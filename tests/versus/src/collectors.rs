//! Collectors on loopback, good and bad.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use monitor_layer::Otlp;

/// What a collector does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collector {
    /// Takes what comes, and throws it away.
    Up,
    /// Nobody listens.
    Down,
    /// Takes what comes, and never answers.
    Hangs,
    /// Answers that it is busy.
    Busy,
    /// Answers what is no HTTP.
    Garbage,
}

impl Collector {
    /// All that are not as they should be.
    pub const BAD: [(&str, Self); 4] = [
        ("collector down", Self::Down),
        ("collector hangs", Self::Hangs),
        ("collector answers 503", Self::Busy),
        ("collector answers garbage", Self::Garbage),
    ];

    /// Starts one, which lives as long as the process.
    #[must_use]
    pub fn start(self) -> Otlp {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        if self == Self::Down {
            drop(listener);
        } else {
            thread::spawn(move || self.serve(&listener));
        }
        exporting_to(address)
    }

    fn serve(self, listener: &TcpListener) {
        for stream in listener.incoming() {
            thread::spawn(move || self.answer(&stream.unwrap()));
        }
    }

    fn answer(self, mut stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while skip_request(&mut reader).is_some() {
            let answer: &[u8] = match self {
                Self::Up => b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
                Self::Busy => b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
                Self::Garbage => b"no HTTP\r\n\r\n",
                Self::Down | Self::Hangs => b"",
            };
            if stream.write_all(answer).is_err() {
                break;
            }
        }
    }
}

/// Batches are given up after a day: what hangs does so for as long as it is looked at.
fn exporting_to(address: SocketAddr) -> Otlp {
    let day = Duration::from_secs(24 * 60 * 60);
    Otlp::new(format!("http://{address}")).timeout(day)
}

/// `None` where the connection is at its end.
fn skip_request(reader: &mut BufReader<&TcpStream>) -> Option<()> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()
}
