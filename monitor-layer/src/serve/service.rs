use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::state::{ConnectionState, Stage};

/// The app as one connection calls it.
#[derive(Clone)]
pub(super) struct ConnectionService<S> {
    pub(super) app: S,
    pub(super) peer: SocketAddr,
    pub(super) state: Arc<ConnectionState>,
}

impl<S, B, C> Service<Request<B>> for ConnectionService<S>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = ConnectionFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.app.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        insert_peer(&mut request, self.peer);
        let (version, is_connect) = (request.version(), request.method() == Method::CONNECT);
        ConnectionFuture {
            inner: self.app.call(request),
            state: Arc::clone(&self.state),
            may_close: version < Version::HTTP_2,
            is_connect,
        }
    }
}

/// Notes a request as soon as it is there, though the app may let it wait.
pub(super) struct Seen<S> {
    pub(super) app: S,
    pub(super) state: Arc<ConnectionState>,
}

impl<S, R> hyper::service::Service<R> for Seen<S>
where
    S: hyper::service::Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn call(&self, request: R) -> Self::Future {
        self.state.see_request();
        self.app.call(request)
    }
}

/// One value is enough for both, and each takes an allocation.
#[cfg(feature = "axum")]
fn insert_peer<B>(request: &mut Request<B>, peer: SocketAddr) {
    let info = axum::extract::ConnectInfo(peer);
    request.extensions_mut().insert(info);
}

#[cfg(not(feature = "axum"))]
fn insert_peer<B>(request: &mut Request<B>, peer: SocketAddr) {
    let peer = crate::trace::PeerAddress::from(peer);
    request.extensions_mut().insert(peer);
}

pin_project! {
    pub(super) struct ConnectionFuture<F> {
        #[pin]
        inner: F,
        state: Arc<ConnectionState>,
        // HTTP/2 has other means.
        may_close: bool,
        is_connect: bool,
    }
}

impl<F, B, E> Future for ConnectionFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answer = ready!(this.inner.poll(context));
        if let Ok(response) = &mut answer
            && *this.may_close
        {
            let status = response.status();
            if status == StatusCode::SWITCHING_PROTOCOLS || *this.is_connect && status.is_success()
            {
                this.state.set_upgraded();
            } else if this.state.stage() >= Stage::Draining {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
        }
        Poll::Ready(answer)
    }
}
