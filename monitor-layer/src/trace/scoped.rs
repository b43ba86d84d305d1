use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{
    TraceContext,
    current::{self, Scope},
};

pin_project! {
    /// A future or a body that runs with a trace context current, at every poll and while it is dropped.
    ///
    /// Made by [`TraceContext::scope`] and [`Current::scope`](super::Current::scope).
    #[must_use = "futures do nothing unless polled"]
    pub struct InScope<T> {
        scope: Option<Box<Scope>>,
        #[pin]
        inner: Option<T>,
    }

    impl<T> PinnedDrop for InScope<T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            current::enter(this.scope, || this.inner.set(None));
            current::recycle(this.scope.take());
        }
    }
}

impl TraceContext {
    /// The context of the exchange, job or step that the calling code runs in.
    ///
    /// ```
    /// use monitor_layer::{Sampler, TraceContext};
    ///
    /// assert_eq!(TraceContext::current(), None);
    /// # futures_executor::block_on(async {
    /// let context = TraceContext::root(&Sampler::default());
    /// let seen = context.clone().scope(async { TraceContext::current() }).await;
    /// assert_eq!(seen, Some(context));
    /// # });
    /// ```
    #[must_use]
    pub fn current() -> Option<Self> {
        current::with_current(|scope| scope.map(|scope| scope.context.clone()))
    }

    /// Makes this the current context of `inner`, a future or a body.
    pub fn scope<T>(self, inner: T) -> InScope<T> {
        let core = current::with_current(|scope| scope.and_then(|scope| scope.core.clone()));
        InScope::new(Some(Scope::new(self, core).boxed()), inner)
    }
}

impl<T> InScope<T> {
    pub(crate) fn new(scope: Option<Box<Scope>>, inner: T) -> Self {
        Self {
            scope,
            inner: Some(inner),
        }
    }

    pub(crate) fn into_scope(self: Pin<&mut Self>) -> Option<Box<Scope>> {
        self.project().scope.take()
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        current::enter(this.scope, || match this.inner.as_pin_mut() {
            Some(inner) => inner.poll(context),
            // Emptied by `Drop` alone.
            None => Poll::Pending,
        })
    }
}

impl<B: Body> Body for InScope<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        current::enter(this.scope, || match this.inner.as_pin_mut() {
            Some(inner) => inner.poll_frame(context),
            None => Poll::Ready(None),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl<T> std::fmt::Debug for InScope<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("InScope")
            .field("context", &self.scope.as_ref().map(|scope| &scope.context))
            .finish_non_exhaustive()
    }
}
