use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use http::StatusCode;
use sentry::{Envelope, Transport, protocol::EnvelopeItem, types::Dsn};

use super::{
    queue::Queue,
    sessions::{PERIOD, Sessions},
};
use crate::{
    http_client::{self, AGENT},
    metrics::{Metrics, Signal},
};

/// How many envelopes wait for a server that is slow or gone.
const MOST_WAITING: usize = 128;
/// For one envelope, to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What a server that does not say when to come again is left alone for.
const PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Sends envelopes by a thread of its own. Dropped, it lets the thread end once what waits is sent.
pub(super) struct ToServer {
    queue: Arc<Queue<Envelope>>,
    metrics: Arc<Metrics>,
}

impl ToServer {
    pub(super) fn start(
        dsn: &Dsn,
        metrics: Arc<Metrics>,
        sessions: Option<Arc<Sessions>>,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(MOST_WAITING));
        let sender = Sender {
            agent: http_client::agent(Some(TIMEOUT)),
            url: dsn.envelope_api_url().to_string(),
            auth: dsn.to_auth(Some(AGENT)).to_string(),
            metrics: Arc::clone(&metrics),
            paused_until: None,
            sessions,
        };
        let taken = Arc::clone(&queue);
        thread::Builder::new()
            .name("monitor-sentry".to_owned())
            .spawn(move || sender.run(&taken))?;
        Ok(Self { queue, metrics })
    }

    /// Not called `flush`, for that of the trait, which does nothing for an `Arc`, would be called instead.
    pub(super) fn wait_until_sent(&self, deadline: Duration) {
        self.queue.flush(deadline);
    }
}

impl Transport for ToServer {
    fn send_envelope(&self, envelope: Envelope) {
        if let Err(envelope) = self.queue.push(envelope) {
            lost(&self.metrics, &envelope);
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.queue.flush(timeout);
        true
    }
}

impl Drop for ToServer {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// What the thread sends with.
struct Sender {
    agent: ureq::Agent,
    url: String,
    auth: String,
    metrics: Arc<Metrics>,
    /// The server has asked to be left alone.
    paused_until: Option<Instant>,
    /// Asked once in a while.
    sessions: Option<Arc<Sessions>>,
}

impl Sender {
    fn run(mut self, queue: &Queue<Envelope>) {
        let next = |sessions: &Option<Arc<Sessions>>| {
            let are_summed_up = sessions.is_some();
            are_summed_up.then(|| Instant::now() + PERIOD)
        };
        let mut until = next(&self.sessions);
        while let Ok(taken) = queue.take(until) {
            match taken {
                Some(envelope) => {
                    self.send_or_lose(&envelope);
                    queue.done();
                }
                None => {
                    until = next(&self.sessions);
                    let summed_up = self.sessions.as_ref().and_then(|sessions| sessions.take());
                    summed_up.iter().for_each(|it| self.send_or_lose(it));
                }
            }
        }
    }

    fn send_or_lose(&mut self, envelope: &Envelope) {
        if !self.send(envelope) {
            lost(&self.metrics, envelope);
        }
    }

    /// Whether the server has taken it.
    fn send(&mut self, envelope: &Envelope) -> bool {
        if self
            .paused_until
            .is_some_and(|until| Instant::now() < until)
        {
            return false;
        }
        let mut body = Vec::new();
        if envelope.to_writer(&mut body).is_err() {
            return false;
        }
        let answer = self
            .agent
            .post(&self.url)
            .header("x-sentry-auth", &self.auth)
            .header(http::header::CONTENT_TYPE, "application/x-sentry-envelope")
            .send(&body[..]);
        let Ok(answer) = answer else {
            return false;
        };
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            let pause = http_client::retry_after(answer.headers());
            let pause = pause.unwrap_or(PAUSE).min(LONGEST_PAUSE);
            self.paused_until = Some(Instant::now() + pause);
        }
        answer.status().is_success()
    }
}

/// Counts what an envelope held.
fn lost(metrics: &Metrics, envelope: &Envelope) {
    for item in envelope.items() {
        metrics.dropped(match item {
            EnvelopeItem::Transaction(_) => Signal::Spans,
            _ => Signal::Errors,
        });
    }
}
