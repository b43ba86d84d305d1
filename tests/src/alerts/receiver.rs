use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use serde_json::Value;

/// Stands in for PagerDuty, Slack or an Alertmanager: keeps what it is sent, and answers as a test says.
pub(super) struct Receiver {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    is_over: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) head: String,
    pub(super) body: Value,
    pub(super) at: Instant,
}

pub(super) enum Reply {
    /// Status, further headers, body.
    Answer(u16, &'static str, &'static str),
    /// None, for as long as the connection is open.
    Silence,
}

impl Reply {
    pub(super) const OK: Self = Self::Answer(200, "", "ok");
}

impl Receiver {
    /// One that takes everything.
    pub(super) fn start() -> Self {
        Self::answering(|_| Reply::OK)
    }

    /// One that answers by how many it was sent before.
    pub(super) fn answering(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::<Mutex<Vec<Got>>>::default();
        let is_over = Arc::new(AtomicBool::new(false));
        let (kept, over, reply) = (Arc::clone(&got), Arc::clone(&is_over), Arc::new(reply));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (kept, reply) = (Arc::clone(&kept), Arc::clone(&reply));
                thread::spawn(move || answer(stream.unwrap(), &kept, &*reply));
            }
        });
        Self {
            address,
            got,
            is_over,
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    pub(super) fn bodies(&self) -> Vec<Value> {
        self.got().into_iter().map(|got| got.body).collect()
    }

    /// The texts of Slack's messages.
    pub(super) fn texts(&self) -> Vec<String> {
        let bodies = self.bodies();
        let texts = bodies.iter().map(|body| body["text"].as_str().unwrap());
        texts.map(str::to_owned).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(mut stream: TcpStream, kept: &Mutex<Vec<Got>>, reply: &dyn Fn(usize) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        // What connects and says nothing wants nothing.
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += line;
        head.push('\n');
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let number = {
        let mut kept = kept.lock().unwrap();
        kept.push(Got {
            head,
            body: serde_json::from_slice(&body).unwrap(),
            at: Instant::now(),
        });
        kept.len() - 1
    };
    match reply(number) {
        Reply::Silence => {
            // Until the other side gives up.
            let _ = reader.read(&mut [0]);
        }
        Reply::Answer(status, headers, body) => {
            let length = body.len();
            // A sender that has given up is part of what is tested.
            let _ = write!(
                stream,
                "HTTP/1.1 {status} Said\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    }
}
