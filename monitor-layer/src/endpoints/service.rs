use std::{
    convert::Infallible,
    fmt::{self, Write as _},
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::SystemTime,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use tower_service::Service;

use super::scrape::Scrape;
use crate::{
    exchange::leave_unmeasured,
    health::State,
    log::Timestamp,
    metrics::QueueSample,
    monitor::{Core, Monitor},
    trace::leave_unsampled,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Answers `/metrics`, `/health` and `/ready`: a plain tower service.
///
/// A monitor's layer around it neither counts nor logs what it answers, wherever the layer stands.
///
/// ```
/// use monitor_layer::Monitor;
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let monitor = Monitor::builder("api").build().unwrap();
/// let request = http::Request::get("/health").body(()).unwrap();
/// let response = monitor.endpoints().oneshot(request).await.unwrap();
/// assert_eq!(response.status(), 200);
/// # }
/// ```
#[derive(Clone)]
pub struct Endpoints {
    core: Arc<Core>,
}

impl Monitor {
    /// `/metrics`, `/health` and `/ready` as a tower service.
    #[must_use]
    pub fn endpoints(&self) -> Endpoints {
        Endpoints {
            core: Arc::clone(self.core()),
        }
    }
}

impl<B> Service<Request<B>> for Endpoints {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = EndpointsFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> EndpointsFuture {
        let core = &self.core;
        let path = super::PATHS
            .into_iter()
            .find(|path| *path == request.uri().path());
        if path.is_some() {
            leave_unmeasured();
            leave_unsampled();
        }
        let answering = match path {
            None => Answering::Known(answer(StatusCode::NOT_FOUND, TEXT, not_found())),
            Some(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
                Answering::Known(method_not_allowed())
            }
            Some("/health") => Answering::Known(health(core)),
            Some("/metrics") => {
                let (core, scrape) = (Arc::clone(core), Scrape::by(request.headers()));
                Answering::Awaited(Box::pin(async move { metrics(&core, scrape).await }))
            }
            Some(_) => ready(core),
        };
        EndpointsFuture {
            answering,
            without_body: request.method() == Method::HEAD,
        }
    }
}

/// The answer of [`Endpoints`], which is there at once but for a scrape and for checks that were not asked before.
#[must_use = "futures do nothing unless polled"]
pub struct EndpointsFuture {
    answering: Answering,
    without_body: bool,
}

enum Answering {
    Known(Response<Full<Bytes>>),
    Awaited(Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>),
    Taken,
}

impl Future for EndpointsFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = match mem::replace(&mut self.answering, Answering::Taken) {
            Answering::Known(response) => response,
            Answering::Awaited(mut awaited) => match awaited.as_mut().poll(context) {
                Poll::Ready(response) => response,
                Poll::Pending => {
                    self.answering = Answering::Awaited(awaited);
                    return Poll::Pending;
                }
            },
            // Polled again though it is over.
            Answering::Taken => return Poll::Pending,
        };
        if self.without_body {
            *response.body_mut() = Full::default();
        }
        Poll::Ready(Ok(response))
    }
}

impl fmt::Debug for EndpointsFuture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EndpointsFuture")
            .finish_non_exhaustive()
    }
}

async fn metrics(core: &Arc<Core>, scrape: Scrape) -> Response<Full<Bytes>> {
    core.health.keep_asking(core);
    core.health.note_age(core);
    let mut response = match scrape.run(core).await {
        Ok(bytes) => {
            let content_type = HeaderValue::from_static(scrape.accepted.format.content_type());
            let mut response = answer(StatusCode::OK, content_type, bytes);
            if scrape.accepted.gzip {
                let gzip = HeaderValue::from_static("gzip");
                response
                    .headers_mut()
                    .insert(header::CONTENT_ENCODING, gzip);
            }
            response
        }
        Err(problem) => answer(problem.status(), TEXT, problem.sentence()),
    };
    response.headers_mut().insert(
        header::VARY,
        HeaderValue::from_static("Accept, Accept-Encoding"),
    );
    response
}

/// Touches nothing outside of the process.
fn health(core: &Core) -> Response<Full<Bytes>> {
    let now = Timestamp::from(SystemTime::now());
    let mut body = String::with_capacity(160);
    // Written by hand, for the order of the keys. Writing to a string cannot fail.
    let _ = write!(body, r#"{{"status":"ok","timestamp":"{now}""#);
    if let Some(queue) = core.metrics.queue_sample() {
        let QueueSample {
            waiting,
            active,
            failed,
        } = queue;
        let uptime = core.started.elapsed().as_secs();
        let _ = write!(
            body,
            r#","queue":{{"waiting":{waiting},"active":{active},"failed":{failed}}},"uptime":{uptime}"#
        );
    }
    body.push('}');
    answer(StatusCode::OK, JSON, body)
}

/// From what the checks said last; only where they never said anything there is something to wait for.
fn ready(core: &Arc<Core>) -> Answering {
    core.health.keep_asking(core);
    if core.health.has_answers() {
        return Answering::Known(readiness(core));
    }
    let core = Arc::clone(core);
    Answering::Awaited(Box::pin(async move {
        // It may have been called outside of the runtime that it runs in.
        core.health.keep_asking(&core);
        core.health.first_answers().await;
        readiness(&core)
    }))
}

fn readiness(core: &Core) -> Response<Full<Bytes>> {
    let checks = core.health.checked(core);
    let state = core.health.standing.state();
    let healthy = checks
        .iter()
        .all(|check| check.healthy || check.is_optional);
    let ready = state == State::Ready && healthy;
    let mut body = String::with_capacity(64 + 96 * checks.len());
    // Written by hand, for the order of the keys. Writing to a string cannot fail.
    let _ = write!(body, r#"{{"ready":{ready},"checks":{{"#);
    for (index, check) in checks.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // The builder takes only names that stand in JSON as they are.
        let (name, healthy) = (check.name, check.healthy);
        let latency = check.latency.as_micros() as f64 / 1e3;
        let optional = match check.is_optional {
            true => r#","optional":true"#,
            false => "",
        };
        let _ = write!(
            body,
            r#"{comma}"{name}":{{"healthy":{healthy},"latency":{latency}{optional}}}"#
        );
    }
    body.push_str(match state {
        State::Starting => r#"},"state":"starting"}"#,
        State::Ready => "}}",
        State::Draining => r#"},"state":"draining"}"#,
    });
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    answer(status, JSON, body)
}

fn not_found() -> String {
    format!("there is nothing here but {}\n", super::PATHS.join(", "))
}

fn method_not_allowed() -> Response<Full<Bytes>> {
    let mut response = answer(
        StatusCode::METHOD_NOT_ALLOWED,
        TEXT,
        "only GET and HEAD are answered here\n",
    );
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn answer(
    status: StatusCode,
    content_type: HeaderValue,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let body = body.into();
    let length = body.len();
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // The answer to a HEAD has it, too.
    if let Ok(length) = HeaderValue::from_str(itoa::Buffer::new().format(length)) {
        headers.insert(header::CONTENT_LENGTH, length);
    }
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoints").finish_non_exhaustive()
    }
}
