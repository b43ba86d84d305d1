use std::{
    convert::Infallible,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::oneshot::{self, error::TryRecvError},
    time::timeout,
};

use super::check::{Answer, Ask};
use crate::exchange::panic_message;

/// One question that is on its way. Dropped, it drops the future that asks, as soon as that lets go of its thread.
pub(super) struct Run {
    answer: oneshot::Receiver<Answer>,
    _wanted: oneshot::Sender<Infallible>,
}

impl Run {
    /// Apart from whoever waits for it: what blocks or panics does so for itself alone.
    pub(super) fn start(ask: &Ask, limit: Duration, runtime: &Handle) -> Result<Self, String> {
        let (answered, answer) = oneshot::channel();
        let (wanted, unwanted) = oneshot::channel();
        match ask {
            Ask::Future(ask) => {
                let ask = ask.clone();
                let asking = async move {
                    let asked = AssertUnwindSafe(async { ask().await }).catch_unwind();
                    tokio::select! {
                        // A runtime that ends drops who asked first, and then lets timers panic that are looked at.
                        biased;
                        _ = unwanted => {}
                        asked = asked => {
                            let answer = asked.unwrap_or_else(|payload| panicked(&*payload));
                            // Who asked may have left.
                            let _ = answered.send(answer);
                        }
                    }
                };
                drive(asking, runtime)?;
            }
            Ask::Blocking(ask) => {
                let ask = ask.clone();
                on_thread(move || {
                    let asked = catch_unwind(AssertUnwindSafe(|| ask(limit)));
                    let _ = answered.send(asked.unwrap_or_else(|payload| panicked(&*payload)));
                })?;
            }
            Ask::Invalid(problem) => return Err((*problem).to_owned()),
        }
        Ok(Self {
            answer,
            _wanted: wanted,
        })
    }

    /// `None` where there is none in time.
    pub(super) async fn answer_within(&mut self, limit: Duration) -> Option<Answer> {
        let answer = timeout(limit, &mut self.answer).await.ok()?;
        Some(answer.unwrap_or_else(|_| Err("it ended without an answer".to_owned())))
    }

    /// Lets go of its future, and tells when it is over.
    pub(super) fn leave(self) -> Left {
        Left(self.answer)
    }
}

/// A run that nobody waits for any more.
pub(super) struct Left(oneshot::Receiver<Answer>);

impl Left {
    pub(super) fn is_over(&mut self) -> bool {
        !matches!(self.0.try_recv(), Err(TryRecvError::Empty))
    }
}

/// A check that blocks can make a runtime of many threads stand still, timers and all, where its thread was the one
/// that watches them. So it has a thread of its own there. A runtime that ends waits for its own threads, not for this.
fn drive(
    asking: impl Future<Output = ()> + Send + 'static,
    runtime: &Handle,
) -> Result<(), String> {
    match runtime.runtime_flavor() {
        RuntimeFlavor::MultiThread => {
            let runtime = runtime.clone();
            on_thread(move || runtime.block_on(asking))
        }
        _ => {
            drop(runtime.spawn(asking));
            Ok(())
        }
    }
}

fn on_thread(run: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let thread = thread::Builder::new().name("health-check".to_owned());
    match thread.spawn(run) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("no thread could be started for it: {error}")),
    }
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> Answer {
    Err(format!("it panicked: {}", panic_message(payload)))
}
