//! The one lifecycle of steps and jobs: from the first poll to the end, whichever way it ends.
//!
//! What it does for each future and function there is stays small: what does not depend on their types is done through
//! `dyn`, once, for a service has hundreds of steps.

use std::{
    any::{Any, type_name},
    mem,
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

/// A step or a job that was described and has not started.
pub(crate) trait Start {
    /// It, under way.
    type Work: Work;

    /// Starts it.
    fn start(self) -> Self::Work;
}

/// A step or a job that is under way.
pub(crate) trait Work {
    /// Runs a part of it, with its scope current.
    fn within(&mut self, part: &mut dyn FnMut());

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

/// Observes a future: it starts at its first poll, and `look` is called at what it returns.
pub(crate) fn observe<F, S, L>(future: F, start: S, look: L) -> Observed<F, S, L>
where
    F: Future,
    S: Start,
    L: FnOnce(&F::Output) -> Option<Reported<'_>>,
{
    Observed::Open {
        future,
        stage: Stage::Waiting(start),
        look: Some(look),
    }
}

/// Observes a function: `look` is called at what it returns.
pub(crate) fn observe_call<R, W, L>(mut work: W, call: impl FnOnce() -> R, look: L) -> R
where
    W: Work,
    L: FnOnce(&R) -> Option<Reported<'_>>,
{
    let (mut call, mut returned) = (Some(call), None);
    let panicked = run_part(&mut work, &mut || {
        returned = call.take().map(|call| call());
    });
    match (panicked, returned) {
        (None, Some(returned)) => {
            let mut look = Some(look);
            end_returned(work, type_name::<R>(), &mut || look.take()?(&returned));
            returned
        }
        (Some(payload), _) => {
            end_panicked(work, &*payload);
            panic::resume_unwind(payload)
        }
        // It was called, and has returned or panicked.
        (None, None) => unreachable!("a step's function is called once"),
    }
}

pin_project! {
    /// The future of a step or a job. Dropped after its first poll and before its end, it was cancelled.
    #[project = Projected]
    pub(crate) enum Observed<F, S: Start, L> {
        Open {
            #[pin]
            future: F,
            stage: Stage<S>,
            look: Option<L>,
        },
        /// Its future is dropped.
        Closed,
    }

    impl<F, S: Start, L> PinnedDrop for Observed<F, S, L> {
        fn drop(mut this: Pin<&mut Self>) {
            let Projected::Open { stage, .. } = this.as_mut().project() else {
                return;
            };
            let Stage::Running(work) = mem::replace(stage, Stage::Over) else {
                return;
            };
            // Dropped with the scope current: what it logs as it goes is its own.
            end_dropped(work, &mut || this.set(Observed::Closed));
        }
    }
}

/// How far an observed future is.
enum Stage<S: Start> {
    /// Not polled yet.
    Waiting(S),
    Running(S::Work),
    Over,
}

impl<F, S, L> Future for Observed<F, S, L>
where
    F: Future,
    S: Start,
    L: FnOnce(&F::Output) -> Option<Reported<'_>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Projected::Open {
            mut future,
            stage,
            look,
        } = self.project()
        else {
            // Closed by `Drop` alone.
            return Poll::Pending;
        };
        let Some(work) = stage.work() else {
            // Polled after completion: whatever the future makes of that.
            return future.poll(context);
        };
        let mut polled = Poll::Pending;
        // Caught rather than told by a flag, for the payload is the only place that has the panic's message.
        let panicked = run_part(work, &mut || polled = future.as_mut().poll(context));
        if let (None, Poll::Pending) = (&panicked, &polled) {
            return Poll::Pending;
        }
        stage.end(panicked, type_name::<F::Output>(), &mut || match &polled {
            Poll::Ready(output) => look.take()?(output),
            Poll::Pending => None,
        });
        polled
    }
}

impl<S: Start> Stage<S> {
    /// What is under way, from the first poll on.
    fn work(&mut self) -> Option<&mut S::Work> {
        if matches!(self, Self::Waiting(_))
            && let Self::Waiting(start) = mem::replace(self, Self::Over)
        {
            *self = Self::Running(start.start());
        }
        match self {
            Self::Running(work) => Some(work),
            _ => None,
        }
    }

    fn end<'a>(
        &mut self,
        panicked: Option<Payload>,
        returned: &'static str,
        look: &mut dyn FnMut() -> Option<Reported<'a>>,
    ) {
        let Self::Running(work) = mem::replace(self, Self::Over) else {
            return;
        };
        match panicked {
            None => end_returned(work, returned, look),
            Some(payload) => {
                end_panicked(work, &*payload);
                panic::resume_unwind(payload)
            }
        }
    }
}

type Payload = Box<dyn Any + Send>;

/// Gives back what a panic left.
fn run_part(work: &mut impl Work, part: &mut dyn FnMut()) -> Option<Payload> {
    let mut panicked = None;
    work.within(&mut || panicked = panic::catch_unwind(AssertUnwindSafe(&mut *part)).err());
    panicked
}

fn end_returned<'a>(
    work: impl Work,
    returned: &'static str,
    look: &mut dyn FnMut() -> Option<Reported<'a>>,
) {
    // What reads the error is the user's and may panic.
    let reported = guarded(look);
    guarded(|| match &reported {
        Some(None) => work.end(WorkEnd::Success),
        Some(Some(reported)) => work.end(WorkEnd::Error(reported)),
        None => work.end(WorkEnd::Error(&Reported::unreadable(returned))),
    });
}

fn end_panicked(work: impl Work, payload: &(dyn Any + Send)) {
    guarded(|| work.end(WorkEnd::Panicked(panic_message(payload))));
}

fn end_dropped(mut work: impl Work, drop: &mut dyn FnMut()) {
    let Some(payload) = run_part(&mut work, drop) else {
        guarded(|| work.end(WorkEnd::Cancelled));
        return;
    };
    end_panicked(work, &*payload);
    // A second panic during unwinding would abort the process.
    if !thread::panicking() {
        panic::resume_unwind(payload);
    }
}
