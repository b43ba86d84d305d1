use std::{
    convert::Infallible,
    fmt,
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
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let core = Arc::clone(&self.core);
        let method = request.method().clone();
        let path = super::PATHS
            .into_iter()
            .find(|path| *path == request.uri().path());
        if path.is_some() {
            leave_unmeasured();
            leave_unsampled();
        }
        let scrape = (path == Some("/metrics")).then(|| Scrape::by(request.headers()));
        Box::pin(async move {
            let mut response = match (path, scrape) {
                (None, _) => answer(StatusCode::NOT_FOUND, TEXT, not_found()),
                _ if !matches!(method, Method::GET | Method::HEAD) => method_not_allowed(),
                (_, Some(scrape)) => metrics(&core, scrape).await,
                (Some("/health"), _) => health(&core),
                (Some(_), _) => ready(&core).await,
            };
            if method == Method::HEAD {
                *response.body_mut() = Full::default();
            }
            Ok(response)
        })
    }
}

async fn metrics(core: &Arc<Core>, scrape: Scrape) -> Response<Full<Bytes>> {
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
    let now = Timestamp::from(SystemTime::now()).to_string();
    // Written by hand, for the order of the keys.
    let mut body = format!(r#"{{"status":"ok","timestamp":"{now}""#);
    if let Some(queue) = core.metrics.queue_sample() {
        let QueueSample {
            waiting,
            active,
            failed,
        } = queue;
        let uptime = core.started.elapsed().as_secs();
        body.push_str(&format!(
            r#","queue":{{"waiting":{waiting},"active":{active},"failed":{failed}}},"uptime":{uptime}"#
        ));
    }
    body.push('}');
    answer(StatusCode::OK, JSON, body)
}

async fn ready(core: &Core) -> Response<Full<Bytes>> {
    let report = core.health.check(core).await;
    let checks: Vec<String> = report
        .checks
        .iter()
        .map(|check| {
            // The builder takes only names that stand in JSON as they are.
            let (name, healthy) = (&check.name, check.healthy);
            let latency = check.latency.as_micros() as f64 / 1e3;
            format!(r#""{name}":{{"healthy":{healthy},"latency":{latency}}}"#)
        })
        .collect();
    let ready = core.health.standing.state() == State::Ready && report.is_ready();
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let checks = checks.join(",");
    let body = format!(r#"{{"ready":{ready},"checks":{{{checks}}}}}"#);
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
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoints").finish_non_exhaustive()
    }
}
