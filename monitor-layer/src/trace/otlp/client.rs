use std::{
    fmt,
    io::{self, Write as _},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, header};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;

use crate::http_client;

/// More than any collector has to say; the rest of a longer answer is an error.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// Sends batches, and blocks while it does so: for the batch processor's own thread alone.
#[derive(Clone)]
pub(super) struct Client {
    agent: ureq::Agent,
    headers: HeaderMap,
    gzip: bool,
    batch: Arc<Mutex<Batch>>,
}

/// What the exporter that makes the requests keeps to itself of the batch under way.
#[derive(Default)]
struct Batch {
    /// For all tries together: the exporter lets each of them take as long as a batch may.
    deadline: Option<Instant>,
    partial_success: Option<ExportTracePartialSuccess>,
    /// Why there was no answer to the last try.
    unanswered: Option<String>,
}

impl Client {
    pub(super) fn new(headers: HeaderMap, gzip: bool) -> Self {
        Self {
            agent: http_client::agent(None),
            headers,
            gzip,
            batch: Arc::default(),
        }
    }

    /// A batch begins, and is to be over by then, to the last byte of the last answer.
    pub(super) fn begin(&self, deadline: Instant) {
        *self.batch() = Batch {
            deadline: Some(deadline),
            ..Batch::default()
        };
    }

    /// What the collector had to say of the batch that it took, where it did not take all of it as it was.
    pub(super) fn partial_success(&self) -> Option<ExportTracePartialSuccess> {
        let said = self.batch().partial_success.take();
        said.filter(|said| said.rejected_spans > 0 || !said.error_message.is_empty())
    }

    /// Why there was no answer, where there was none.
    pub(super) fn unanswered(&self) -> Option<String> {
        self.batch().unanswered.take()
    }

    fn try_once(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.send(request);
        self.batch().unanswered = answer.as_ref().err().map(ToString::to_string);
        answer
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let left = self.batch().deadline.map(|deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            // Its zero is no limit at all.
            left.max(Duration::from_millis(1))
        });
        let (head, mut body) = request.into_parts();
        let mut request = Request::post(head.uri).body(())?;
        // The exporter adds headers that it finds in the environment, which may be for another collector than this one.
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        if let Some(kind) = head.headers.get(header::CONTENT_TYPE) {
            headers.insert(header::CONTENT_TYPE, kind.clone());
        }
        if self.gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            body = packed(&body)?.into();
        }
        let request = request.map(|()| &body[..]);
        let request = self.agent.configure_request(request);
        let answer = self.agent.run(request.timeout_global(left).build())?;
        let (head, mut body) = answer.into_parts();
        let body = body.with_config().limit(LONGEST_ANSWER).read_to_vec()?;
        if head.status.is_success() {
            // One that says nothing readable has taken the batch all the same.
            let answer = ExportTraceServiceResponse::decode(&body[..]);
            self.batch().partial_success = answer.ok().and_then(|answer| answer.partial_success);
        }
        Ok(Response::from_parts(head, body.into()))
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        // Nothing panics while the lock is held.
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn packed(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(body)?;
    packer.finish()
}

impl HttpClient for Client {
    fn send_bytes<'client, 'future>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'future>>
    where
        'client: 'future,
        Self: 'future,
    {
        Box::pin(std::future::ready(self.try_once(request)))
    }
}

/// Without the headers, which may hold a key.
impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        net::{SocketAddr, TcpListener},
        sync::mpsc,
        thread,
    };

    use super::*;

    fn batch(to: SocketAddr) -> Request<Bytes> {
        Request::post(format!("http://{to}/v1/traces"))
            .header("content-type", "application/x-protobuf")
            .header("authorization", "found in the environment")
            .body(Bytes::from_static(b"spans"))
            .unwrap()
    }

    #[test]
    fn only_headers_of_these_settings_are_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let asked = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let lines = lines.map(Result::unwrap);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).unwrap();
            head
        });
        let headers = HeaderMap::from_iter([(header::FROM, HeaderValue::from_static("me"))]);
        Client::new(headers, false).send(batch(to)).unwrap();
        let head = asked.join().unwrap();
        let has = |line: &str| head.iter().any(|other| other == line);
        assert!(has("from: me"), "{head:?}");
        assert!(has("content-type: application/x-protobuf"), "{head:?}");
        assert!(!head.join(" ").contains("found"), "{head:?}");
    }

    #[test]
    fn a_batch_whose_time_is_up_is_not_waited_for() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = silent.local_addr().unwrap();
        let (over, is_over) = mpsc::channel();
        thread::spawn(move || {
            let client = Client::new(HeaderMap::new(), false);
            client.begin(Instant::now());
            let sent = client.send(batch(to));
            let _ = over.send(sent.map_err(|error| error.to_string()));
        });
        let sent = is_over.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(sent.unwrap_err().contains("timeout"));
        drop(silent);
    }
}
