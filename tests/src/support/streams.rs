use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// A body that says nothing of its length and does what it is told, frame by frame.
#[derive(Default)]
pub(crate) struct Chunks {
    frames: VecDeque<Chunk>,
    exact: Option<u64>,
}

enum Chunk {
    Data(Bytes),
    Trailers(HeaderMap),
    Error(&'static str),
    Panic(&'static str),
    Forever,
}

impl Chunks {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn data(self, text: &'static str) -> Self {
        self.then(Chunk::Data(Bytes::from_static(text.as_bytes())))
    }

    pub(crate) fn trailer(self, name: &'static str, value: &'static str) -> Self {
        let mut trailers = HeaderMap::new();
        trailers.insert(name, http::HeaderValue::from_static(value));
        self.then(Chunk::Trailers(trailers))
    }

    pub(crate) fn error(self, text: &'static str) -> Self {
        self.then(Chunk::Error(text))
    }

    pub(crate) fn panic(self, text: &'static str) -> Self {
        self.then(Chunk::Panic(text))
    }

    /// Never ends.
    pub(crate) fn forever(self) -> Self {
        self.then(Chunk::Forever)
    }

    /// Tells its length beforehand.
    pub(crate) fn exact(mut self, length: u64) -> Self {
        self.exact = Some(length);
        self
    }

    fn then(mut self, chunk: Chunk) -> Self {
        self.frames.push_back(chunk);
        self
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.frames.pop_front() {
            None => Poll::Ready(None),
            Some(Chunk::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Chunk::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Chunk::Error(text)) => Poll::Ready(Some(Err(text.into()))),
            Some(Chunk::Panic(text)) => panic!("{text}"),
            Some(Chunk::Forever) => {
                self.frames.push_front(Chunk::Forever);
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.exact.map(SizeHint::with_exact).unwrap_or_default()
    }
}
