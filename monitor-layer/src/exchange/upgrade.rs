//! An upgraded connection that knows when it is closed.
//!
//! hyper's `OnUpgrade` can be neither built nor wrapped, and extractors want that very type. So a request that
//! carries one gets another: that of a connection of our own, which reads one upgrade request from memory, has its
//! `101` swallowed, and hands on an IO that delegates to the real connection and holds the exchange's guard.
//! Nothing of this happens to requests that ask for no upgrade.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use http::{Request, Response, StatusCode, header};
use hyper::{
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
    upgrade::{OnUpgrade, Upgraded},
};

/// One upgrade request, as a client would send it to the connection of our own.
const UPGRADE_REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: tunnel\r\n\r\n";
const HEAD_END: &[u8; 4] = b"\r\n\r\n";

/// Where an exchange's guard waits for its upgraded connection to close.
pub(crate) struct Handover(Arc<Slot>);

impl Handover {
    /// Puts a watched `OnUpgrade` in the place of the request's own, if it has one.
    pub(crate) fn intercept<B>(request: &mut Request<B>) -> Option<Self> {
        let real = request.extensions_mut().remove::<OnUpgrade>()?;
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            request.extensions_mut().insert(real);
            return None;
        };
        let slot = Arc::new(Slot::default());
        let tunnel = Tunnel {
            real: Real::Opening(real),
            unread: UPGRADE_REQUEST,
            head_end: 0,
            slot: Arc::clone(&slot),
        };
        let watched = Arc::new(Mutex::new(None));
        let given = Arc::clone(&watched);
        let mut connection = Box::pin(
            http1::Builder::new()
                .serve_connection(
                    tunnel,
                    service_fn(move |request: Request<hyper::body::Incoming>| {
                        *lock(&given) = Some(hyper::upgrade::on(request));
                        std::future::ready(Ok::<_, Infallible>(switching_protocols()))
                    }),
                )
                .with_upgrades(),
        );
        // The first poll reads the request from memory and calls the service; then it waits for the real upgrade.
        let _ = connection
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        let watched = lock(&watched).take()?;
        runtime.spawn(async move {
            // Its error is the failed upgrade's, which the handler's own `OnUpgrade` reports.
            let _ = connection.await;
        });
        request.extensions_mut().insert(watched);
        Some(Self(slot))
    }

    /// Keeps the guard until the connection closes; drops it at once where it has closed already.
    pub(crate) fn hold(self, guard: impl Send + 'static) {
        self.0.hold(Box::new(guard));
    }
}

#[derive(Default)]
struct Slot(Mutex<Guard>);

#[derive(Default)]
enum Guard {
    #[default]
    Awaited,
    // Held for its drop alone.
    Held(#[allow(dead_code)] Box<dyn Held>),
    Closed,
}

/// Anything whose drop says that the exchange is over.
trait Held: Send {}
impl<T: Send> Held for T {}

impl Slot {
    fn hold(&self, guard: Box<dyn Held>) {
        let mut slot = lock(&self.0);
        if let Guard::Awaited = *slot {
            *slot = Guard::Held(guard);
        }
    }

    fn close(&self) {
        // Taken out first: what the guard's drop runs must not run under the lock.
        let guard = std::mem::replace(&mut *lock(&self.0), Guard::Closed);
        drop(guard);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn switching_protocols() -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    for (name, value) in [(header::CONNECTION, "upgrade"), (header::UPGRADE, "tunnel")] {
        response
            .headers_mut()
            .insert(name, http::HeaderValue::from_static(value));
    }
    response
}

/// The IO of the connection of our own: memory first, then the real upgraded connection.
struct Tunnel {
    real: Real,
    unread: &'static [u8],
    /// How much of the blank line that ends our own `101` was written; the real connection is written to after it.
    head_end: usize,
    slot: Arc<Slot>,
}

enum Real {
    /// The response's head is not out yet.
    Opening(OnUpgrade),
    Open(Upgraded),
}

impl Tunnel {
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Pin<&mut Upgraded>>> {
        if let Real::Opening(real) = &mut self.real {
            let upgraded = ready!(Pin::new(real).poll(context)).map_err(io::Error::other)?;
            self.real = Real::Open(upgraded);
        }
        match &mut self.real {
            Real::Open(upgraded) => Poll::Ready(Ok(Pin::new(upgraded))),
            Real::Opening(_) => Poll::Pending,
        }
    }

    /// The real connection, once our own `101` is out of the way.
    fn connection(&mut self) -> Option<Pin<&mut Upgraded>> {
        match &mut self.real {
            Real::Open(upgraded) if self.head_end == HEAD_END.len() => Some(Pin::new(upgraded)),
            _ => None,
        }
    }

    /// How many of `bytes` belong to the head of our own `101`, the last of which its blank line is.
    fn swallow(&mut self, bytes: &[u8]) -> usize {
        for (index, byte) in bytes.iter().enumerate() {
            self.head_end = if *byte == HEAD_END[self.head_end] {
                self.head_end + 1
            } else {
                usize::from(*byte == HEAD_END[0])
            };
            if self.head_end == HEAD_END.len() {
                return index + 1;
            }
        }
        bytes.len()
    }
}

impl Read for Tunnel {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.unread.is_empty() {
            let (now, later) = this
                .unread
                .split_at(this.unread.len().min(buffer.remaining()));
            buffer.put_slice(now);
            this.unread = later;
            return Poll::Ready(Ok(()));
        }
        match this.connection() {
            Some(connection) => connection.poll_read(context, buffer),
            // Our connection asks again once it has written its `101`, which waits for the real upgrade.
            None => Poll::Pending,
        }
    }
}

impl Write for Tunnel {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(connection) = this.connection() {
            return connection.poll_write(context, bytes);
        }
        ready!(this.poll_open(context))?;
        Poll::Ready(Ok(this.swallow(bytes)))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut().connection() {
            Some(connection) => connection.poll_flush(context),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut().connection() {
            Some(connection) => connection.poll_shutdown(context),
            None => Poll::Ready(Ok(())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.real {
            Real::Open(upgraded) => upgraded.is_write_vectored(),
            Real::Opening(_) => false,
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(connection) = this.connection() {
            return connection.poll_write_vectored(context, buffers);
        }
        let first = buffers.iter().find(|buffer| !buffer.is_empty());
        Pin::new(this).poll_write(context, first.map_or(&[], |buffer| buffer))
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.slot.close();
    }
}
