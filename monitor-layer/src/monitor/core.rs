use std::sync::{Arc, OnceLock, atomic::AtomicBool};

use crate::{
    error::Capture,
    log::{AccessLog, Log, Origin},
    metrics::{Metrics, Signal},
    redact::Redactor,
    step::SiteTable,
    trace::{Sampler, current},
};

/// A monitor as the work sees it: one service name and what all names of a monitor share.
pub(crate) struct Core {
    pub(crate) service: Arc<str>,
    /// The same, as lines have it.
    pub(crate) origin: Origin,
    pub(crate) shared: Arc<Shared>,
}

impl Core {
    pub(super) fn new(service: Arc<str>, shared: Arc<Shared>) -> Self {
        Self {
            origin: Origin::new(&service, &shared.env),
            service,
            shared,
        }
    }
}

/// What the service and its workers have in common.
pub(crate) struct Shared {
    pub(crate) env: Arc<str>,
    pub(crate) sampler: Sampler,
    pub(crate) registry: prometheus::Registry,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) steps: SiteTable,
    pub(crate) redactor: Redactor,
    pub(crate) log: Log,
    pub(crate) errors: Capture,
    #[cfg(feature = "alerts")]
    pub(crate) alerts: crate::alert::Alerts,
    pub(crate) access_log: AccessLog,
    pub(crate) warned_of_second_tracer: AtomicBool,
    /// Where spans go, if anywhere.
    #[cfg(feature = "otlp")]
    pub(crate) exporter: Option<crate::trace::otlp::Exporter>,
    #[cfg(feature = "server")]
    pub(crate) started: std::time::Instant,
    #[cfg(feature = "server")]
    pub(crate) health: crate::health::Health,
    #[cfg(feature = "server")]
    pub(crate) scrapes: crate::endpoints::Scrapes,
    #[cfg(feature = "server")]
    pub(crate) shutdown: super::shutdown::Shutdown,
    #[cfg(feature = "server")]
    pub(crate) jobs: crate::job::JobsInFlight,
}

impl std::ops::Deref for Core {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

/// The monitor that serves work which runs in no exchange, job or step of another. Set once.
static INSTALLED: OnceLock<Arc<Core>> = OnceLock::new();

/// Makes a monitor the process's; `false` where there is one already.
pub(super) fn install(core: Arc<Core>) -> bool {
    INSTALLED.set(core).is_ok()
}

pub(super) fn is_installed() -> bool {
    INSTALLED.get().is_some()
}

/// The monitor of what runs here, else the installed one.
pub(crate) fn current_core() -> Option<Arc<Core>> {
    current::with_current(|scope| scope.and_then(|scope| scope.core.clone()))
        .or_else(installed_core)
}

/// The process's monitor.
pub(crate) fn installed_core() -> Option<Arc<Core>> {
    INSTALLED.get().cloned()
}

pub(crate) fn observer_panicked() {
    if let Some(core) = current_core() {
        core.metrics.dropped(Signal::Observers);
    }
}
