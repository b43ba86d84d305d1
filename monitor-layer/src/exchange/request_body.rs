use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use http::Request;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a request whose bytes are counted as they are read.
    pub struct RequestBody<B> {
        #[pin]
        inner: B,
        read: Arc<AtomicU64>,
    }
}

/// What a layer does with request bodies: [`PassRequestBody`] or [`CountRequestBody`].
pub trait RequestBodies<B>: Clone + Send + Sync + 'static {
    /// The body that the inner service sees.
    type Body;

    /// Lends the body on.
    fn lend(request: Request<B>) -> (Request<Self::Body>, Option<RequestBytes>);
}

/// Request bodies stay as they are.
#[derive(Clone, Copy, Debug)]
pub enum PassRequestBody {}

/// Request bodies are counted as they are read.
#[derive(Clone, Copy, Debug)]
pub enum CountRequestBody {}

/// How much of a request's body was read so far.
#[derive(Debug)]
pub struct RequestBytes(Arc<AtomicU64>);

impl RequestBytes {
    pub(super) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl<B> RequestBodies<B> for PassRequestBody {
    type Body = B;

    fn lend(request: Request<B>) -> (Request<B>, Option<RequestBytes>) {
        (request, None)
    }
}

impl<B: Body> RequestBodies<B> for CountRequestBody {
    type Body = RequestBody<B>;

    fn lend(request: Request<B>) -> (Request<RequestBody<B>>, Option<RequestBytes>) {
        let read = Arc::<AtomicU64>::default();
        let bytes = RequestBytes(Arc::clone(&read));
        (
            request.map(|inner| RequestBody { inner, read }),
            Some(bytes),
        )
    }
}

impl<B: Body> Body for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let bytes = bytes::Buf::remaining(data) as u64;
            this.read.fetch_add(bytes, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> fmt::Debug for RequestBody<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RequestBody")
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}
