//! Where the parts meet: [`Monitor`], its builder and its layer. The only place that touches globals.

#[cfg(feature = "alerts")]
mod alerts;
mod build_error;
mod builder;
mod core;
#[cfg(feature = "server")]
pub(crate) mod drain;
mod errors;
#[cfg(feature = "server")]
mod health;
mod layer;
mod lifetime;
mod log_control;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "server")]
mod queue;
mod sentry;
mod settings;
#[cfg(feature = "server")]
pub(crate) mod shutdown;

use std::{sync::Arc, time::Duration};

pub(crate) use self::core::{Core, Shared, current_core, installed_core, observer_panicked};
use self::lifetime::Lifetime;
#[cfg(feature = "server")]
pub(crate) use self::shutdown::Abandoned;
pub use self::{
    build_error::BuildError,
    builder::MonitorBuilder,
    layer::{MonitorLayer, MonitorObserver, MonitorService},
    settings::InvalidSetting,
};
use crate::{
    job::Job,
    log::LogLayer,
    metrics::{Business, Queue},
    trace::SpanLayer,
};

/// After a flush's own deadline, for it to notice.
#[cfg(feature = "server")]
const LATE: Duration = Duration::from_millis(500);

/// Observes one process: makes the layers, the jobs and the endpoints that report to one registry, one log and one
/// error sink.
///
/// Cheap to clone. When the last clone and the last layer made from it are gone, what is still under way to a sink
/// is flushed, for at most two seconds; [`shutdown`](Self::shutdown) does so earlier and with a deadline of one's
/// own.
///
/// ```
/// use monitor_layer::Monitor;
///
/// let monitor = Monitor::builder("api").build()?;
/// monitor.business().signup("email");
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Monitor {
    core: Arc<Core>,
    lifetime: Arc<Lifetime>,
}

impl Monitor {
    /// Starts a monitor of the service `name`, which `SERVICE_NAME` in the environment may replace.
    pub fn builder(name: impl Into<String>) -> MonitorBuilder {
        MonitorBuilder::new(name.into())
    }

    /// The layer for a whole service: trace context, exchange, metrics, access log and error capture in one.
    ///
    /// Put it on last, so that routes, 404 and 405 are all inside.
    #[must_use]
    pub fn layer(&self) -> MonitorLayer {
        MonitorLayer::new(self.clone())
    }

    /// The same monitor under another service name: its jobs, steps and lines bear `name`.
    #[must_use]
    pub fn worker(&self, name: impl Into<Arc<str>>) -> Self {
        Self {
            core: Arc::new(Core::new(name.into(), Arc::clone(&self.core.shared))),
            lifetime: Arc::clone(&self.lifetime),
        }
    }

    /// A job of this id, to be described and run.
    pub fn job(&self, id: impl Into<Arc<str>>) -> Job {
        Job::new(Arc::clone(&self.core), id.into())
    }

    /// Reports the depth of the job queue and the number of jobs by status.
    #[must_use]
    pub fn queue(&self) -> Queue {
        Queue::of(&self.core.metrics)
    }

    /// Reports credits, revenue, refunds, signups, conversions and costs.
    #[must_use]
    pub fn business(&self) -> Business {
        Business::of(&self.core.metrics)
    }

    /// Writes the log entries of `tracing` events: a layer for a subscriber of one's own. `install` has one
    /// already; without it, [`set_global`](Self::set_global) takes in what runs in no exchange or job.
    #[must_use]
    pub fn log_layer(&self) -> LogLayer {
        LogLayer::new(Arc::clone(&self.core))
    }

    /// Makes `tracing` spans part of the trace that they are made in, and exports them: a layer for a subscriber of
    /// one's own that has no [`log_layer`](Self::log_layer), which does the same.
    #[must_use]
    pub fn span_layer(&self) -> SpanLayer {
        SpanLayer::new(Arc::clone(&self.core))
    }

    /// Makes this the monitor of steps outside of every exchange and job, as [`MonitorBuilder::install`] does: for a
    /// service with a `tracing` subscriber of its own, which [`log_layer`](Self::log_layer) is part of.
    ///
    /// # Errors
    ///
    /// [`BuildError::MonitorInstalled`] where there is one already.
    pub fn set_global(&self) -> Result<(), BuildError> {
        if core::install(Arc::clone(&self.core)) {
            Ok(())
        } else {
            Err(BuildError::MonitorInstalled)
        }
    }

    /// The registry that holds the metrics: one's own, where the builder was given one.
    #[must_use]
    pub fn registry(&self) -> &prometheus::Registry {
        &self.core.registry
    }

    /// Sends everything that is still under way, errors last, and waits for at most `deadline`. It waits for no work:
    /// [`drain`](Self::drain) does, and [`serve`](Self::serve) does both.
    #[cfg(feature = "server")]
    pub async fn shutdown(&self, deadline: Duration) {
        let core = Arc::clone(&self.core);
        // Sinks flush by blocking.
        let mut flushing = tokio::task::spawn_blocking(move || core.flush(deadline));
        let late = crate::timers::elapsed(deadline.saturating_add(LATE));
        tokio::select! {
            // A runtime that is shutting down may refuse the task, so it is done here then.
            flushed = &mut flushing => if flushed.is_err() {
                self.core.flush(deadline);
            },
            // One whose threads are all taken never begins it.
            () = late => flushing.abort(),
        }
    }

    /// Sends everything that is still under way and waits for at most `deadline`, blocking the thread.
    pub fn flush(&self, deadline: Duration) {
        self.core.flush(deadline);
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

impl Core {
    /// In the order in which one sink may still write to the next.
    pub(crate) fn flush(&self, deadline: Duration) {
        let start = std::time::Instant::now();
        self.log.tell_all_suppressed(self);
        self.errors.end_waiting();
        // First, for somebody waits for them; they leave a part to the others, which go on meanwhile.
        #[cfg(feature = "alerts")]
        self.alerts.flush(deadline / 4 * 3);
        self.errors
            .wait_until_sent(deadline.saturating_sub(start.elapsed()));
        #[cfg(feature = "otlp")]
        if let Some(exporter) = &self.exporter {
            exporter.flush(deadline.saturating_sub(start.elapsed()));
        }
        self.log.flush(deadline.saturating_sub(start.elapsed()));
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Monitor")
            .field("service", &self.core.service)
            .field("env", &self.core.env)
            .finish_non_exhaustive()
    }
}
