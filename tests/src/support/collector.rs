use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use monitor_layer::{MonitorBuilder, Otlp};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
    },
    common::v1::{KeyValue, any_value},
    trace::v1::{Span, span::Event},
};
use prost::Message as _;

/// How a collector answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Fine,
    Status(u16),
    Slow(Duration),
    /// Takes a batch but for so many of its spans, and says why.
    Rejects(i64, &'static str),
    /// Never, though it takes what comes.
    Hang,
    Garbage,
    /// Hangs up.
    Nothing,
}

/// A collector of our own on loopback, that answers as it is told to and keeps what it took.
#[derive(Clone)]
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    answer: Answer,
    requests: usize,
    headers: Vec<String>,
    spans: Vec<Exported>,
    /// How many spans came at once.
    batches: Vec<usize>,
    /// Connections that hang.
    held: Vec<TcpStream>,
}

/// A span as it came, with the resource that it came under.
#[derive(Clone, Debug)]
pub(crate) struct Exported {
    pub(crate) span: Span,
    resource: Vec<KeyValue>,
    pub(crate) scope: String,
}

impl Collector {
    pub(crate) fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let collector = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(State {
                answer,
                requests: 0,
                headers: Vec::new(),
                spans: Vec::new(),
                batches: Vec::new(),
                held: Vec::new(),
            })),
        };
        let own = collector.clone();
        // Ends with the tests' process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let own = own.clone();
                thread::spawn(move || own.serve(stream.unwrap()));
            }
        });
        collector
    }

    /// Exports to it, soon.
    pub(crate) fn take_from(&self, builder: MonitorBuilder) -> MonitorBuilder {
        builder.otlp(self.otlp())
    }

    pub(crate) fn otlp(&self) -> Otlp {
        Otlp::new(format!("http://{}", self.address)).interval(Duration::from_millis(10))
    }

    pub(crate) fn answer(&self, answer: Answer) {
        let mut state = self.state.lock().unwrap();
        state.answer = answer;
        state.held.clear();
    }

    pub(crate) fn requests(&self) -> usize {
        self.state.lock().unwrap().requests
    }

    pub(crate) fn headers(&self) -> Vec<String> {
        self.state.lock().unwrap().headers.clone()
    }

    pub(crate) fn spans(&self) -> Vec<Exported> {
        self.state.lock().unwrap().spans.clone()
    }

    pub(crate) fn batches(&self) -> Vec<usize> {
        self.state.lock().unwrap().batches.clone()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .spans()
            .into_iter()
            .map(|span| span.span.name)
            .collect();
        names.sort();
        names
    }

    /// The one span of this name.
    pub(crate) fn span(&self, name: &str) -> Exported {
        let spans = self.spans();
        let mut found = spans.iter().filter(|span| span.span.name == name);
        let span = found
            .next()
            .unwrap_or_else(|| panic!("{name} in {:?}", self.names()));
        assert!(found.next().is_none(), "{name} came once");
        span.clone()
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some((head, body)) = read_request(&mut reader) {
            let answer = {
                let mut state = self.state.lock().unwrap();
                state.requests += 1;
                state.headers = head;
                state.answer
            };
            if let Answer::Slow(time) = answer {
                thread::sleep(time);
            }
            let rejection;
            let said: &[u8] = match answer {
                Answer::Fine | Answer::Slow(_) => {
                    self.keep(&body);
                    b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
                }
                Answer::Rejects(spans, words) => {
                    self.keep(&body);
                    rejection = rejecting(spans, words);
                    &rejection
                }
                Answer::Status(429) => {
                    b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n"
                }
                Answer::Status(503) => {
                    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
                }
                Answer::Status(_) => b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
                Answer::Garbage => b"\xff\xfe no HTTP at all\r\n\r\n",
                Answer::Hang => {
                    self.state.lock().unwrap().held.push(stream);
                    return;
                }
                Answer::Nothing => return,
            };
            if (&stream).write_all(said).is_err() {
                return;
            }
        }
    }

    fn keep(&self, body: &[u8]) {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let mut spans = Vec::new();
        for resource in request.resource_spans {
            let attributes = resource.resource.unwrap_or_default().attributes;
            for scope in resource.scope_spans {
                let name = scope.scope.unwrap_or_default().name;
                spans.extend(scope.spans.into_iter().map(|span| Exported {
                    span,
                    resource: attributes.clone(),
                    scope: name.clone(),
                }));
            }
        }
        let mut state = self.state.lock().unwrap();
        state.batches.push(spans.len());
        state.spans.extend(spans);
    }
}

impl Exported {
    pub(crate) fn trace_id(&self) -> String {
        hex(&self.span.trace_id)
    }

    pub(crate) fn span_id(&self) -> String {
        hex(&self.span.span_id)
    }

    /// Empty where there is none.
    pub(crate) fn parent(&self) -> String {
        hex(&self.span.parent_span_id)
    }

    pub(crate) fn resource(&self, key: &str) -> Option<String> {
        value(&self.resource, key)
    }

    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        value(&self.span.attributes, key)
    }

    pub(crate) fn event(&self, name: &str) -> &Event {
        let mut events = self.span.events.iter();
        events.find(|event| event.name == name).unwrap()
    }

    /// 0 unset, 1 fine, 2 an error.
    pub(crate) fn status(&self) -> i32 {
        self.span.status.as_ref().map_or(0, |status| status.code)
    }
}

/// As text, whatever its type.
pub(crate) fn value(attributes: &[KeyValue], key: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    Some(match attribute.value.clone()?.value? {
        any_value::Value::StringValue(text) => text,
        any_value::Value::IntValue(number) => number.to_string(),
        any_value::Value::DoubleValue(number) => number.to_string(),
        any_value::Value::BoolValue(boolean) => boolean.to_string(),
        other => format!("{other:?}"),
    })
}

/// As OTLP has it: a success in part.
fn rejecting(spans: i64, words: &str) -> Vec<u8> {
    let body = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: spans,
            error_message: words.to_owned(),
        }),
    };
    let body = body.encode_to_vec();
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), &body].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The lines of a request's head, and its body; `None` where the connection is at its end.
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(Vec<String>, Vec<u8>)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length = head.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let is_packed = head
        .iter()
        .any(|line| line.eq_ignore_ascii_case("content-encoding: gzip"));
    if is_packed {
        let mut unpacked = Vec::new();
        let mut packed = flate2::read::GzDecoder::new(&body[..]);
        packed.read_to_end(&mut unpacked).unwrap();
        body = unpacked;
    }
    Some((head, body))
}
