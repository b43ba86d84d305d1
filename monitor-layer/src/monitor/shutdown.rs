use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{runtime::Handle, sync::watch, task::AbortHandle};

use super::{Core, Monitor};

/// How far the process is with its end: told once, seen by all.
#[derive(Default)]
pub(crate) struct Shutdown {
    asked: watch::Sender<Asked>,
    phase: watch::Sender<Phase>,
    abandoned_requests: AtomicU64,
    abandoned_jobs: AtomicU64,
    /// What watches signals where no server does.
    watching: Mutex<Option<AbortHandle>>,
}

impl Drop for Shutdown {
    fn drop(&mut self) {
        let watching = self.watching.get_mut();
        if let Some(task) = watching.unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

/// How often the process was asked to stop.
#[derive(Clone, Copy, Default)]
struct Asked {
    by_calls: u32,
    by_signals: u32,
}

/// What is known of the work that is in flight.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    /// It may end in its own time.
    #[default]
    InTime,
    /// Its deadline has passed: what is dropped now is abandoned.
    Overdue,
    /// What was abandoned has been told of.
    Told,
}

/// Of which kind the work is that is abandoned.
#[derive(Clone, Copy)]
pub(crate) enum Abandoned {
    Request,
    Job,
}

/// How many abandoned requests, and how many jobs, have a line each; all of them are counted.
const MOST_TOLD: u64 = 100;

impl Shutdown {
    fn asked(&self) -> u32 {
        let Asked {
            by_calls,
            by_signals,
        } = *self.asked.borrow();
        by_calls.saturating_add(by_signals)
    }

    /// Until it was asked so often.
    pub(crate) async fn asked_times(&self, times: u32) {
        let mut asked = self.asked.subscribe();
        while self.asked() < times {
            // The sender is `self`, so it cannot be gone.
            let _ = asked.changed().await;
        }
    }

    pub(crate) fn begin_overdue(&self) {
        self.phase.send_replace(Phase::Overdue);
    }

    /// Says whether it has not ended yet: of several servers in a process one alone tells what is left.
    pub(crate) fn end_overdue(&self) -> bool {
        self.phase.send_replace(Phase::Told) == Phase::Overdue
    }

    /// Whether what is dropped at this moment is so because its deadline has passed. Asked of what ends badly alone.
    pub(crate) fn is_overdue(&self) -> bool {
        *self.phase.borrow() == Phase::Overdue
    }

    /// Whether the last that could be told of at once has been.
    pub(crate) fn has_passed(&self) -> bool {
        *self.phase.borrow() == Phase::Told
    }

    /// Counts something that is abandoned; says whether a line is to tell of it.
    pub(crate) fn abandon(&self, what: Abandoned) -> bool {
        self.count(what).fetch_add(1, Ordering::Relaxed) < MOST_TOLD
    }

    pub(crate) fn abandoned(&self, what: Abandoned) -> u64 {
        self.count(what).load(Ordering::Relaxed)
    }

    const fn count(&self, what: Abandoned) -> &AtomicU64 {
        match what {
            Abandoned::Request => &self.abandoned_requests,
            Abandoned::Job => &self.abandoned_jobs,
        }
    }
}

impl Core {
    /// Watches signals from here on, whether or not somebody waits for one just then: from the first one that is watched
    /// on, the system leaves it to the process what it does at one.
    fn keep_watching_signals(self: &Arc<Self>) {
        let watching = self.shutdown.watching.lock();
        let mut watching = watching.unwrap_or_else(PoisonError::into_inner);
        if watching.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (Ok(runtime), Some(mut signals)) = (Handle::try_current(), Signals::watch()) else {
            return;
        };
        let core = Arc::downgrade(self);
        let task = runtime.spawn(async move {
            let mut seen = 0_u32;
            loop {
                signals.next().await;
                seen = seen.saturating_add(1);
                let Some(core) = core.upgrade() else { return };
                core.asked_by_signals(seen);
            }
        });
        *watching = Some(task.abort_handle());
    }

    fn asked_by_call(&self) {
        self.health.standing.drain();
        self.shutdown.asked.send_modify(|asked| {
            asked.by_calls = asked.by_calls.saturating_add(1);
        });
    }

    /// Whoever watches signals tells how many it has seen, so that several who see the same one count it once.
    fn asked_by_signals(&self, seen: u32) {
        self.health.standing.drain();
        self.shutdown.asked.send_if_modified(|asked| {
            let is_news = asked.by_signals < seen;
            asked.by_signals = asked.by_signals.max(seen);
            is_news
        });
    }

    /// Tells of every signal from here on.
    pub(crate) async fn watch_signals(&self, mut signals: Signals) -> Infallible {
        let mut seen = 0_u32;
        loop {
            signals.next().await;
            seen = seen.saturating_add(1);
            self.asked_by_signals(seen);
        }
    }
}

impl Monitor {
    /// Completes when the process is asked to stop: SIGTERM, Ctrl-C, or [`request_shutdown`](Self::request_shutdown).
    /// `/ready` answers 503 from then on.
    ///
    /// It is what a worker stops taking jobs by, a stream ends by, and a server of one's own shuts down by:
    ///
    /// ```no_run
    /// # #[cfg(feature = "axum")] {
    /// # use std::time::Duration;
    /// # use monitor_layer::Monitor;
    /// # async fn run(monitor: Monitor, app: axum::Router) -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// axum::serve(listener, app)
    ///     .with_graceful_shutdown(monitor.shutdown_requested())
    ///     .await?;
    /// monitor.drain(Duration::from_secs(20)).await;
    /// monitor.shutdown(Duration::from_secs(5)).await;
    /// # Ok(()) } }
    /// ```
    pub fn shutdown_requested(&self) -> impl Future<Output = ()> + Send + use<> {
        let core = Arc::clone(self.core());
        async move {
            core.keep_watching_signals();
            core.shutdown.asked_times(1).await;
        }
    }

    /// Completes every [`shutdown_requested`](Self::shutdown_requested), as a signal would. Asked again, whoever serves
    /// waits no longer for what it waits for just then.
    pub fn request_shutdown(&self) {
        self.core().asked_by_call();
    }

    /// Completes when the deadline for the work in flight has passed, of [`serve`](Self::serve) or
    /// [`drain`](Self::drain): whoever holds a job has a moment to hand it back or to drop it, before it is told of as
    /// abandoned.
    ///
    /// ```
    /// use monitor_layer::Monitor;
    ///
    /// # async fn render() -> Result<(), std::io::Error> { Ok(()) }
    /// async fn work(monitor: &Monitor) {
    ///     let job = monitor.job("job-7");
    ///     let handle = job.handle();
    ///     tokio::select! {
    ///         rendered = job.run(render()) => drop(rendered),
    ///         // What is dropped goes back to the queue, for another process to take up.
    ///         () = async {
    ///             monitor.shutdown_overdue().await;
    ///             handle.hand_back();
    ///         } => {}
    ///     }
    /// }
    /// ```
    pub fn shutdown_overdue(&self) -> impl Future<Output = ()> + Send + use<> {
        let core = Arc::clone(self.core());
        async move {
            let mut phase = core.shutdown.phase.subscribe();
            // The sender is the monitor's, which is held here.
            let _ = phase.wait_for(|phase| *phase != Phase::InTime).await;
        }
    }
}

/// What an operator stops a process by.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Sees all that come from here on.
    #[cfg(unix)]
    pub(crate) fn watch() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let watched = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        );
        let (Ok(terminate), Ok(interrupt)) = watched else {
            tracing::warn!("Signals cannot be watched: stop the service by request_shutdown()");
            return None;
        };
        Some(Self {
            terminate,
            interrupt,
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn watch() -> Option<Self> {
        Some(Self {})
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            tracing::warn!("Ctrl-C cannot be watched: stop the service by request_shutdown()");
            std::future::pending::<()>().await;
        }
    }
}
