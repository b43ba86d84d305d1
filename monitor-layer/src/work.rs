//! The one lifecycle of steps and jobs: from the first poll to the end, whichever way it ends.

use std::{
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use pin_project_lite::pin_project;

use crate::{
    error::Reported,
    exchange::{guarded, panic_message},
};

/// A step or a job that is under way.
pub(crate) trait Work {
    /// Runs a part of it, with its scope current.
    fn within<R>(&mut self, part: impl FnOnce() -> R) -> R;

    /// It is over.
    fn end(self, end: WorkEnd<'_>);
}

/// Which way a step or a job ended.
pub(crate) enum WorkEnd<'a> {
    Success,
    Error(&'a Reported<'a>),
    Panicked(&'a str),
    Cancelled,
}

/// Observes a future: `start` is called at its first poll, `look` at what it returns.
pub(crate) fn observe<F, W, S, L>(future: F, start: S, look: L) -> Observed<F, W, S, L>
where
    F: Future,
    W: Work,
    S: FnOnce() -> W,
    L: FnOnce(&F::Output) -> Option<Reported<'_>>,
{
    Observed {
        future: Some(future),
        start: Some(start),
        work: None,
        look: Some(look),
    }
}

/// Observes a function: `look` is called at what it returns.
pub(crate) fn observe_call<R, W, L>(mut work: W, call: impl FnOnce() -> R, look: L) -> R
where
    W: Work,
    L: FnOnce(&R) -> Option<Reported<'_>>,
{
    match work.within(|| panic::catch_unwind(AssertUnwindSafe(call))) {
        Ok(returned) => {
            end_returned(work, &returned, look);
            returned
        }
        Err(payload) => {
            guarded(|| work.end(WorkEnd::Panicked(panic_message(&*payload))));
            panic::resume_unwind(payload)
        }
    }
}

pin_project! {
    /// The future of a step or a job. Dropped after its first poll and before its end, it was cancelled.
    pub(crate) struct Observed<F, W: Work, S, L> {
        #[pin]
        future: Option<F>,
        start: Option<S>,
        work: Option<W>,
        look: Option<L>,
    }

    impl<F, W: Work, S, L> PinnedDrop for Observed<F, W, S, L> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(mut work) = this.work.take() else {
                return;
            };
            // Dropped with the scope current: what it logs as it goes is its own.
            let dropped = work.within(|| {
                panic::catch_unwind(AssertUnwindSafe(|| this.future.set(None)))
            });
            match dropped {
                Ok(()) => {
                    guarded(|| work.end(WorkEnd::Cancelled));
                }
                Err(payload) => {
                    guarded(|| work.end(WorkEnd::Panicked(panic_message(&*payload))));
                    // A second panic during unwinding would abort the process.
                    if !thread::panicking() {
                        panic::resume_unwind(payload);
                    }
                }
            }
        }
    }
}

impl<F, W, S, L> Future for Observed<F, W, S, L>
where
    F: Future,
    W: Work,
    S: FnOnce() -> W,
    L: FnOnce(&F::Output) -> Option<Reported<'_>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(start) = this.start.take() {
            *this.work = Some(start());
        }
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            // Emptied by `Drop` alone.
            return Poll::Pending;
        };
        let Some(work) = this.work else {
            // Polled after completion: whatever the future makes of that.
            return future.poll(context);
        };
        // Caught rather than told by a flag, for the payload is the only place that has the panic's message.
        let polled = work.within(|| panic::catch_unwind(AssertUnwindSafe(|| future.poll(context))));
        let output = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(payload),
        };
        let Some(work) = this.work.take() else {
            return Poll::Pending;
        };
        match output {
            Ok(output) => {
                if let Some(look) = this.look.take() {
                    end_returned(work, &output, look);
                }
                Poll::Ready(output)
            }
            Err(payload) => {
                guarded(|| work.end(WorkEnd::Panicked(panic_message(&*payload))));
                panic::resume_unwind(payload)
            }
        }
    }
}

fn end_returned<R, W: Work>(work: W, returned: &R, look: impl FnOnce(&R) -> Option<Reported<'_>>) {
    // What reads the error is the user's and may panic.
    let reported = guarded(|| look(returned));
    guarded(|| match &reported {
        Some(None) => work.end(WorkEnd::Success),
        Some(Some(reported)) => work.end(WorkEnd::Error(reported)),
        None => work.end(WorkEnd::Error(&Reported::unreadable::<R>())),
    });
}
