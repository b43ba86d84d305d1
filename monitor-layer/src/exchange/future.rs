use std::{
    any::Any,
    fmt, panic,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use http::{Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Guard, InFlight, Observe, ResponseBody};
use crate::trace::X_TRACE_ID;

pin_project! {
    /// The future of an observed service.
    ///
    /// Dropped before the response's head, it reports the exchange as cancelled.
    // No more than the inner future and a pointer: each of axum's wrappers copies it.
    pub struct ResponseFuture<F, O: Observe> {
        #[pin]
        inner: Option<F>,
        // After `inner`, so that what the handler holds is dropped before the exchange is reported as over.
        guard: Guard<O>,
    }

    impl<F, O: Observe> PinnedDrop for ResponseFuture<F, O> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(in_flight) = this.guard.in_flight() {
                let dropped = in_flight.within(|| this.inner.set(None));
                if let Err(payload) = dropped {
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

#[cfg(feature = "server")]
pub(crate) type Handover = super::upgrade::Handover;
#[cfg(not(feature = "server"))]
pub(crate) type Handover = std::convert::Infallible;

/// What a layer does with a response, besides observing it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// The trace id goes out as `x-trace-id`.
    pub(crate) sends_trace_id: bool,
    /// A panic before the head becomes an empty 500.
    pub(crate) catch_panics: bool,
}

impl<F, O: Observe> ResponseFuture<F, O> {
    /// Reports what the guard is for; with an empty one, whatever passes through.
    pub(super) const fn new(guard: Guard<O>) -> Self {
        Self { inner: None, guard }
    }

    /// Calls the service for the future to be.
    #[inline]
    pub(super) fn call<S, RequestBody>(
        &mut self,
        service: &mut S,
        request: &mut Option<Request<RequestBody>>,
    ) where
        S: Service<Request<RequestBody>, Future = F>,
    {
        let inner = &mut self.inner;
        let mut call = || {
            if let Some(request) = request.take() {
                *inner = Some(service.call(request));
            }
        };
        match self.guard.in_flight() {
            Some(in_flight) => {
                if let Err(payload) = in_flight.within(call) {
                    in_flight.set_panicked(payload);
                }
            }
            None => call(),
        }
    }
}

impl<F, O, B, E> Future for ResponseFuture<F, O>
where
    F: Future<Output = Result<Response<B>, E>>,
    O: Observe,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<ResponseBody<B, O>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut polled = Poll::Pending;
        if let Some(in_flight) = this.guard.in_flight() {
            let ran = match (in_flight.take_panicked(), this.inner.as_mut().as_pin_mut()) {
                (Some(payload), _) => Err(payload),
                (None, Some(inner)) => in_flight.within(|| polled = inner.poll(context)),
                // Polled after completion, which `Future` leaves open.
                (None, None) => return Poll::Pending,
            };
            if let Err(payload) = ran {
                // A second panic, of what the handler held, has nothing to add to the first.
                let _ = in_flight.within(|| this.inner.set(None));
                let response = after_panic(in_flight, payload);
                *this.guard = Guard::empty();
                return Poll::Ready(Ok(response));
            }
            match &mut polled {
                Poll::Pending => in_flight.admit(),
                Poll::Ready(Ok(response)) => {
                    let upgraded = in_flight.respond(response);
                    insert_trace_id(response, in_flight);
                    if upgraded {
                        hold_upgrade(this.guard);
                    }
                }
                Poll::Ready(Err(error)) => {
                    in_flight.finish_failed(error);
                    *this.guard = Guard::empty();
                }
            }
        } else if let Some(inner) = this.inner.as_pin_mut() {
            polled = inner.poll(context);
        }
        polled.map_ok(|response| {
            let guard = this.guard.take();
            response.map(|body| ResponseBody::observed(body, guard))
        })
    }
}

/// What is answered where a panic goes no further.
#[cold]
fn after_panic<B: Body, O: Observe>(
    in_flight: &mut InFlight<O>,
    payload: Box<dyn Any + Send>,
) -> Response<ResponseBody<B, O>> {
    in_flight.finish_panicked(&*payload);
    if !in_flight.catches_panics() {
        panic::resume_unwind(payload);
    }
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    insert_trace_id(&mut response, in_flight);
    response
}

/// Hands the guard over to the upgraded connection, where there is one.
#[cfg(feature = "server")]
fn hold_upgrade<O: Observe>(guard: &mut Guard<O>) {
    if let Some(upgrade) = guard.in_flight().and_then(InFlight::take_upgrade) {
        upgrade.hold(guard.take());
    }
}

#[cfg(not(feature = "server"))]
fn hold_upgrade<O: Observe>(_: &mut Guard<O>) {}

#[inline]
fn insert_trace_id<B, O: Observe>(response: &mut Response<B>, in_flight: &InFlight<O>) {
    if let Some(id) = in_flight.x_trace_id() {
        response.headers_mut().insert(X_TRACE_ID, id);
    }
}

impl<F, O: Observe> fmt::Debug for ResponseFuture<F, O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseFuture")
            .field("observed", &!self.guard.is_empty())
            .finish_non_exhaustive()
    }
}
