use std::{
    any::Any,
    fmt, panic,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use http::{Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{Guard, InFlight, Observe, ResponseBody};
use crate::trace::X_TRACE_ID;

pin_project! {
    /// The future of an observed service.
    ///
    /// Dropped before the response's head, it reports the exchange as cancelled.
    pub struct ResponseFuture<F, O: Observe> {
        #[pin]
        inner: Option<F>,
        // After `inner`, so that what the handler holds is dropped before the exchange is reported as over.
        guard: Guard<O>,
        // What calling the service panicked with.
        panicked: Option<Box<dyn Any + Send>>,
        options: Options,
        upgrade: Option<Handover>,
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
    /// Not observed here: passes through.
    pub(crate) fn passing(inner: F) -> Self {
        Self {
            inner: Some(inner),
            guard: Guard::empty(),
            panicked: None,
            options: Options::default(),
            upgrade: None,
        }
    }

    /// Observed; `panicked` is what calling the service panicked with, instead of returning a future.
    pub(crate) fn observed(
        inner: Option<F>,
        panicked: Option<Box<dyn Any + Send>>,
        guard: Guard<O>,
        options: Options,
        upgrade: Option<Handover>,
    ) -> Self {
        Self {
            inner,
            guard,
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
        let Some(in_flight) = this.guard.in_flight() else {
            return match this.inner.as_pin_mut() {
                Some(inner) => inner
                    .poll(context)
                    .map_ok(|response| response.map(ResponseBody::passing)),
                // Polled after completion, which `Future` leaves open.
                None => Poll::Pending,
            };
        };
        let mut polled = Poll::Pending;
        let ran = match (this.panicked.take(), this.inner.as_mut().as_pin_mut()) {
            (Some(payload), _) => Err(payload),
            (None, Some(inner)) => in_flight.within(|| polled = inner.poll(context)),
            (None, None) => return Poll::Pending,
        };
        if let Err(payload) = ran {
            // A second panic, of what the handler held, has nothing to add to the first.
            let _ = in_flight.within(|| this.inner.set(None));
            in_flight.finish_panicked(&*payload);
            let mut response = Response::new(ResponseBody::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            if this.options.sends_trace_id {
                insert_trace_id(&mut response, in_flight);
            }
            *this.guard = Guard::empty();
            if !this.options.catch_panics {
                panic::resume_unwind(payload);
            }
            return Poll::Ready(Ok(response));
        }
        match polled {
            Poll::Pending => {
                in_flight.admit();
                Poll::Pending
            }
            Poll::Ready(Ok(mut response)) => {
                let upgraded = in_flight.respond(&response);
                if this.options.sends_trace_id {
                    insert_trace_id(&mut response, in_flight);
                }
                if upgraded && hold_upgrade(this.upgrade, this.guard) {
                    return Poll::Ready(Ok(response.map(ResponseBody::passing)));
                }
                let guard = this.guard.take();
                Poll::Ready(Ok(response.map(|body| ResponseBody::observed(body, guard))))
            }
            Poll::Ready(Err(error)) => {
                in_flight.finish_failed(&error);
                *this.guard = Guard::empty();
                Poll::Ready(Err(error))
            }
        }
    }
}

/// Hands the guard over to the upgraded connection; `false` where there is none to hand it to.
#[cfg(feature = "server")]
fn hold_upgrade<O: Observe>(upgrade: &mut Option<Handover>, guard: &mut Guard<O>) -> bool {
    let Some(upgrade) = upgrade.take() else {
        return false;
    };
    upgrade.hold(guard.take());
    true
}

#[cfg(not(feature = "server"))]
fn hold_upgrade<O: Observe>(_: &mut Option<Handover>, _: &mut Guard<O>) -> bool {
    false
}

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
