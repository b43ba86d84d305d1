use std::{
    fmt,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{Guard, Observe};

pin_project! {
    /// The body of an observed response: passes every frame on as it is and knows when the exchange is over.
    pub struct ResponseBody<B: Body, O: Observe> {
        #[pin]
        inner: Option<B>,
        guard: Guard<O>,
    }

    impl<B: Body, O: Observe> PinnedDrop for ResponseBody<B, O> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(in_flight) = this.guard.unreported() else {
                return;
            };
            let inner = this.inner.as_ref().as_pin_ref();
            let ended = panic::catch_unwind(AssertUnwindSafe(|| {
                inner.is_none_or(|inner| inner.is_end_stream())
            }));
            // Dropped with the scope current: what a stream logs as it goes belongs to its exchange.
            let dropped = in_flight.within(|| this.inner.set(None));
            match dropped {
                Ok(()) => in_flight.finish_dropped_body(ended.unwrap_or(false)),
                Err(payload) => {
                    in_flight.finish_panicked(&*payload);
                    // A second panic during unwinding would abort the process.
                    if !thread::panicking() {
                        panic::resume_unwind(payload);
                    }
                }
            }
        }
    }
}

impl<B: Body, O: Observe> ResponseBody<B, O> {
    /// With an empty guard it passes through.
    pub(crate) fn observed(inner: B, guard: Guard<O>) -> Self {
        Self {
            inner: Some(inner),
            guard,
        }
    }

    pub(crate) fn empty() -> Self {
        Self {
            inner: None,
            guard: Guard::empty(),
        }
    }
}

impl<B, O> Body for ResponseBody<B, O>
where
    B: Body,
    B::Error: 'static,
    O: Observe,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let Some(mut inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let Some(in_flight) = this.guard.unreported() else {
            return inner.poll_frame(context);
        };
        let mut polled = Poll::Pending;
        if let Err(payload) = in_flight.within(|| polled = inner.as_mut().poll_frame(context)) {
            in_flight.finish_panicked(&*payload);
            panic::resume_unwind(payload);
        }
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    in_flight.count_response_bytes(bytes::Buf::remaining(data));
                } else if let Some(trailers) = frame.trailers_ref() {
                    in_flight.see_trailers(trailers);
                }
                if frame.is_trailers() || inner.is_end_stream() {
                    in_flight.finish_complete();
                }
            }
            Poll::Ready(None) => in_flight.finish_complete(),
            Poll::Ready(Some(Err(error))) => in_flight.finish_failed(error),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Body, O: Observe> fmt::Debug for ResponseBody<B, O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseBody")
            .field("observed", &!self.guard.is_empty())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_can_be_shared_between_threads_as_what_is_in_it_can() {
        const fn shared<T: Send + Sync>() {}

        shared::<ResponseBody<String, ()>>();
    }
}
