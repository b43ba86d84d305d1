//! A step, async and not, that does nothing but to return an `Ok`, inside of a job that lasts.
//!
//! A quiet one writes no line: the level is `warn`. A told one writes both lines to nowhere; its peer writes what it
//! returned, in one line, by tracing-subscriber's JSON format. None is sampled.

use std::{
    hint::black_box,
    io,
    pin::pin,
    task::{Context, Poll, Waker},
};

use monitor_layer::{Monitor, instrument_step};
use tracing::{Dispatch, dispatcher};
use tracing_subscriber::{Layer as _, layer::SubscriberExt as _, registry};

/// What an operation is.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A plain function.
    Sync,
    /// An async function that is ready at its first poll.
    Async,
}

/// A monitor whose steps run under its log layer.
#[derive(Debug)]
pub struct Steps {
    dispatch: Dispatch,
    monitor: Monitor,
}

impl Steps {
    /// Without lines.
    #[must_use]
    pub fn quiet() -> Self {
        Self::at("warn")
    }

    /// With both lines.
    #[must_use]
    pub fn told() -> Self {
        Self::at("info")
    }

    fn at(level: &str) -> Self {
        let monitor = Monitor::builder("versus")
            .env("test")
            .log_level(level)
            .sample_ratio(0.0)
            .log_to(io::sink())
            .build()
            .unwrap();
        // As `install` has it.
        let log = monitor.log_layer().with_filter(monitor.log_filter());
        Self {
            dispatch: Dispatch::new(registry().with(log)),
            monitor,
        }
    }

    /// So many steps, one after the other. Counts and times what `measure` is given.
    pub fn run(&self, step: Step, steps: usize, measure: impl FnOnce(&mut dyn FnMut())) {
        dispatcher::with_default(&self.dispatch, || {
            let job = self.monitor.job("job-7").niche("history").run(async {
                measure(&mut || repeat(steps, step, sync_step, async_step));
                Ok::<_, io::Error>(())
            });
            poll(job).unwrap();
        });
    }
}

/// The same functions under `#[tracing::instrument(err, ret)]` and a JSON layer.
#[derive(Debug)]
pub struct Instrumented(Dispatch);

impl Instrumented {
    /// Its lines go to nowhere.
    #[must_use]
    pub fn new() -> Self {
        let json = tracing_subscriber::fmt::layer()
            .json()
            .with_writer(io::sink);
        Self(Dispatch::new(registry().with(json)))
    }

    /// So many calls, one after the other.
    pub fn run(&self, step: Step, calls: usize) {
        dispatcher::with_default(&self.0, || {
            repeat(calls, step, sync_instrumented, async_instrumented);
        });
    }
}

impl Default for Instrumented {
    fn default() -> Self {
        Self::new()
    }
}

/// The same functions, bare.
pub fn bare(step: Step, calls: usize) {
    repeat(calls, step, sync_bare, async_bare);
}

#[instrument_step]
fn sync_step(number: usize) -> Result<usize, io::Error> {
    Ok(black_box(number))
}

#[instrument_step]
async fn async_step(number: usize) -> Result<usize, io::Error> {
    Ok(black_box(number))
}

#[tracing::instrument(err, ret)]
fn sync_instrumented(number: usize) -> Result<usize, io::Error> {
    Ok(black_box(number))
}

#[tracing::instrument(err, ret)]
async fn async_instrumented(number: usize) -> Result<usize, io::Error> {
    Ok(black_box(number))
}

fn sync_bare(number: usize) -> Result<usize, io::Error> {
    Ok(black_box(number))
}

async fn async_bare(number: usize) -> Result<usize, io::Error> {
    Ok(black_box(number))
}

fn repeat<F: Future<Output = io::Result<usize>>>(
    calls: usize,
    step: Step,
    call: fn(usize) -> io::Result<usize>,
    make: fn(usize) -> F,
) {
    for number in 0..calls {
        let returned = match step {
            Step::Sync => call(number),
            Step::Async => poll(make(number)),
        };
        black_box(returned).unwrap();
    }
}

/// Of a future that is ready.
fn poll<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing is waited for"),
    }
}
