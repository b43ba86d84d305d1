use std::{
    any::Any,
    fmt, panic,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use http::{HeaderValue, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{InFlight, Observe, ResponseBody};
use crate::trace::X_TRACE_ID;

pin_project! {
    /// The future of an observed service.
    ///
    /// Dropped before the response's head, it reports the exchange as cancelled.
    pub struct ResponseFuture<F, O: Observe> {
        #[pin]
        inner: Option<F>,
        // After `inner`, so that what the handler holds is dropped before the exchange is reported as over.
        in_flight: Option<InFlight<O>>,
        // What calling the service panicked with.
        panicked: Option<Box<dyn Any + Send>>,
        options: Options,
        upgrade: Option<Handover>,
    }

    impl<F, O: Observe> PinnedDrop for ResponseFuture<F, O> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(mut in_flight) = this.in_flight.take() {
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Goes out as `x-trace-id`.
    pub(crate) trace_id: Option<HeaderValue>,
    /// A panic before the head becomes an empty 500.
    pub(crate) catch_panics: bool,
}

impl<F, O: Observe> ResponseFuture<F, O> {
    /// Not observed here: passes through.
    pub(crate) fn passing(inner: F) -> Self {
        Self {
            inner: Some(inner),
            in_flight: None,
            panicked: None,
            options: Options::default(),
            upgrade: None,
        }
    }

    /// Observed; `called` is what calling the service returned.
    pub(crate) fn observed(
        called: thread::Result<F>,
        in_flight: InFlight<O>,
        options: Options,
        upgrade: Option<Handover>,
    ) -> Self {
        let (inner, panicked) = match called {
            Ok(inner) => (Some(inner), None),
            Err(payload) => (None, Some(payload)),
        };
        Self {
            inner,
            in_flight: Some(in_flight),
            panicked,
            options,
            upgrade,
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
        let Some(mut in_flight) = this.in_flight.take() else {
            return match this.inner.as_pin_mut() {
                Some(inner) => inner
                    .poll(context)
                    .map_ok(|response| response.map(ResponseBody::passing)),
                // Polled after completion, which `Future` leaves open.
                None => Poll::Pending,
            };
        };
        let polled = match this.panicked.take() {
            Some(payload) => Err(payload),
            None => match this.inner.as_mut().as_pin_mut() {
                Some(inner) => in_flight.within(|| inner.poll(context)),
                None => Ok(Poll::Pending),
            },
        };
        match polled {
            Ok(Poll::Pending) => {
                in_flight.admit();
                *this.in_flight = Some(in_flight);
                Poll::Pending
            }
            Ok(Poll::Ready(Ok(response))) => Poll::Ready(Ok(respond(
                response,
                in_flight,
                this.options,
                this.upgrade.take(),
            ))),
            Ok(Poll::Ready(Err(error))) => {
                in_flight.finish_failed(&error);
                Poll::Ready(Err(error))
            }
            Err(payload) => {
                // A second panic, of what the handler held, has nothing to add to the first.
                let _ = in_flight.within(|| this.inner.set(None));
                in_flight.finish_panicked(&*payload);
                if !this.options.catch_panics {
                    panic::resume_unwind(payload);
                }
                Poll::Ready(Ok(internal_server_error(this.options)))
            }
        }
    }
}

fn respond<B: Body, O: Observe>(
    mut response: Response<B>,
    mut in_flight: InFlight<O>,
    options: &mut Options,
    upgrade: Option<Handover>,
) -> Response<ResponseBody<B, O>> {
    let upgraded = in_flight.respond(&response);
    if let Some(id) = options.trace_id.take() {
        response.headers_mut().insert(X_TRACE_ID, id);
    }
    #[cfg(feature = "server")]
    if upgraded && let Some(upgrade) = upgrade {
        upgrade.hold(in_flight);
        return response.map(ResponseBody::passing);
    }
    let _ = (upgraded, upgrade);
    response.map(|body| ResponseBody::observed(body, in_flight))
}

fn internal_server_error<B: Body, O: Observe>(
    options: &mut Options,
) -> Response<ResponseBody<B, O>> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    if let Some(id) = options.trace_id.take() {
        response.headers_mut().insert(X_TRACE_ID, id);
    }
    response
}

impl<F, O: Observe> fmt::Debug for ResponseFuture<F, O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseFuture")
            .field("observed", &self.in_flight.is_some())
            .finish_non_exhaustive()
    }
}
