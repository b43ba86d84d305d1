use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use tokio::{net::TcpListener, task::AbortHandle};

use super::{Form, Http};

/// Serves what another address serves at `/metrics`, at `/text`, `/openmetrics` and `/protobuf` in that form, for a
/// server that cannot be told which form to ask for.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    serving: AbortHandle,
}

impl Proxy {
    pub(crate) async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/{form}", get(forward))
            .with_state((Http::new(), format!("{target}/metrics")));
        let serving = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            serving: serving.abort_handle(),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn forward(
    State((http, target)): State<(Http, String)>,
    Path(form): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(form) = Form::ALL.into_iter().find(|known| known.as_str() == form) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut request = Request::get(target);
    *request.headers_mut().unwrap() = headers;
    let mut request = request.body(Empty::new().boxed_unsync()).unwrap();
    let headers = request.headers_mut();
    headers.remove(header::HOST);
    headers.insert(header::ACCEPT, form.accept().parse().unwrap());
    let answer = match http.send(request).await {
        Ok(answer) => answer,
        Err(problem) => return (StatusCode::BAD_GATEWAY, problem).into_response(),
    };
    if answer.headers[header::CONTENT_TYPE] != form.content_type() {
        // A server would read any other form as well, and nobody would notice.
        let problem = format!("not {}: {:?}", form.as_str(), answer.headers);
        return (StatusCode::BAD_GATEWAY, problem).into_response();
    }
    let mut response = Response::new(Body::from(answer.bytes));
    *response.status_mut() = answer.status;
    for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
        if let Some(value) = answer.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
