use std::{
    cell::Cell,
    task::{Context, Poll},
};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::trace::current;

/// Leaves what passes it unmeasured: an outer `MonitorLayer` neither measures nor logs it and captures none of its
/// failures, an outer `ExchangeLayer` admits it to no observer. Trace context and `x-trace-id` stay.
///
/// For `Router::route_layer` or a single service. What is known before the routes are is better left to
/// `MonitorLayer::ignore`.
///
/// It has to be reached in the first poll of the outer layer's future: where something in between waits first (a
/// look-up of the caller, say), the exchange is admitted by then, and stays so.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use monitor_layer::UnmeasuredLayer;
///
/// # let monitor = monitor_layer::Monitor::builder("api").build().unwrap();
/// let probes = Router::new()
///     .route("/healthz", get(async || "fine"))
///     .route_layer(UnmeasuredLayer::new());
/// let app: Router = Router::new()
///     .route("/jobs/{id}", get(async || "a job"))
///     .merge(probes)
///     .layer(monitor.layer());
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct UnmeasuredLayer;

impl UnmeasuredLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for UnmeasuredLayer {
    type Service = UnmeasuredService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        UnmeasuredService { inner }
    }
}

/// The service of [`UnmeasuredLayer`].
#[derive(Clone, Debug)]
pub struct UnmeasuredService<S> {
    inner: S,
}

impl<S, Body> Service<Request<Body>> for UnmeasuredService<S>
where
    S: Service<Request<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        leave_unmeasured();
        self.inner.call(request)
    }
}

thread_local! {
    /// Whether what runs now has asked to be left unmeasured. A flag of the thread and not of the scope, so that an
    /// `ExchangeLayer` alone, which has none, sees it too.
    static LEFT: Cell<bool> = const { Cell::new(false) };
}

/// Tells the exchanges under way here, as far as they are not admitted, to leave themselves unmeasured.
pub(crate) fn leave_unmeasured() {
    LEFT.set(true);
    // What the handler writes is not preceded by a line of the exchange's.
    current::with_current(|scope| {
        if let Some(opening) = scope.and_then(|scope| scope.opening.take()) {
            opening.settle();
        }
    });
}

/// Sees whether what runs from its start to its end, and does not panic, is left unmeasured.
pub(super) struct Watch {
    outer: bool,
}

impl Watch {
    #[inline]
    pub(super) fn start() -> Self {
        Self {
            outer: LEFT.replace(false),
        }
    }

    /// Whether it was. Exchanges further out get to know, too.
    #[inline]
    pub(super) fn has_left(self) -> bool {
        let left = LEFT.get();
        LEFT.set(self.outer || left);
        left
    }
}
