use std::{
    error::Error, future::poll_fn, net::SocketAddr, pin::pin, sync::Arc, task::Poll, time::Duration,
};

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};
use tower_service::Service;

use super::{
    open::Place,
    service::{ConnectionService, Seen},
    state::{ConnectionState, Stage},
    stream::ServedStream,
};

/// For a new connection's first request.
const FIRST_REQUEST: Duration = Duration::from_secs(30);
/// The same, where the server closes just then: who has connected a moment ago is about to send one.
const LAST_REQUEST: Duration = Duration::from_millis(500);

/// Between two questions to an HTTP/2 client whether it is there.
const PING: Duration = Duration::from_secs(60);
/// For a time to be added to.
const LONGEST_IDLE: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// What all connections of a server have in common.
pub(super) type Protocols = auto::Builder<TokioExecutor>;

pub(super) fn protocols(idle_limit: Duration) -> Protocols {
    let mut protocols = auto::Builder::new(TokioExecutor::new());
    protocols
        .http1()
        .timer(TokioTimer::new())
        // It waits for the whole of a head, from the end of the request before.
        .header_read_timeout(idle_limit.min(LONGEST_IDLE));
    // WebSockets over HTTP/2 begin by it.
    protocols
        .http2()
        .timer(TokioTimer::new())
        // A client that went away without a word is found out.
        .keep_alive_interval(Some(PING))
        .enable_connect_protocol();
    protocols
}

/// Serves one connection until it is closed or upgraded.
pub(super) async fn drive<S, B>(
    protocols: Arc<Protocols>,
    socket: TcpStream,
    peer: SocketAddr,
    place: Place,
    app: S,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    // Answers are written whole; where it cannot be set they come a little later.
    let _ = socket.set_nodelay(true);
    let state = Arc::clone(&place.state);
    let service = Seen {
        app: TowerToHyperService::new(ConnectionService {
            app,
            peer,
            state: Arc::clone(&state),
        }),
        state: Arc::clone(&state),
    };
    let io = TokioIo::new(ServedStream::new(socket, place));
    let mut connection = pin!(protocols.serve_connection_with_upgrades(io, service));
    let mut closing = pin!(closing(&state));
    let mut is_closing = false;
    poll_fn(|context| {
        loop {
            // First, so that a request that is there already is not turned away. Its error is the client's going away.
            if connection.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            if is_closing || closing.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if !state.has_request() {
                // It had its time. hyper would wait for the rest of a head that has begun.
                return Poll::Ready(());
            }
            is_closing = true;
            connection.as_mut().graceful_shutdown();
        }
    })
    .await;
}

/// Until the connection is to be closed as soon as nothing is in flight in it.
async fn closing(state: &ConnectionState) {
    let mut first_request = pin!(sleep(FIRST_REQUEST));
    let mut is_last = false;
    poll_fn(|context| {
        state.watch(context.waker());
        match (state.has_request(), state.stage() >= Stage::Closing) {
            (true, true) => return Poll::Ready(()),
            (true, false) => return Poll::Pending,
            (false, true) if !is_last => {
                is_last = true;
                let soon = Instant::now() + LAST_REQUEST;
                let until = soon.min(first_request.deadline());
                first_request.as_mut().reset(until);
            }
            (false, _) => {}
        }
        first_request.as_mut().poll(context)
    })
    .await;
}
