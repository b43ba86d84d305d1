//! Failures as Sentry events: built from our own context on no scope at all, straight to a client of our own, whose
//! transport is ours, too: what is lost on its way is counted.

mod event;
mod queue;
mod transport;

use std::{sync::Arc, time::Duration};

use sentry::{
    Client, ClientOptions, Integration,
    integrations::{backtrace::ProcessStacktraceIntegration, contexts::ContextIntegration},
};

use self::{event::sentry_event, transport::ToServer};
use super::{ErrorEvent, PanicPlace};
use crate::metrics::Metrics;

/// What a Sentry client is made from.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) dsn: sentry::types::Dsn,
    pub(crate) environment: String,
    pub(crate) release: Option<String>,
}

/// A Sentry client of the monitor's own: it neither needs nor changes the process's hub.
pub(crate) struct Sink {
    client: Arc<Client>,
    transport: Arc<ToServer>,
}

impl Sink {
    /// # Errors
    ///
    /// That of the system, where it has no thread to give.
    pub(crate) fn new(settings: Settings, metrics: &Arc<Metrics>) -> std::io::Result<Self> {
        let transport = Arc::new(ToServer::start(&settings.dsn, Arc::clone(metrics))?);
        let integrations: [Arc<dyn Integration>; 2] = [
            // The server's name, and what system it is.
            Arc::new(ContextIntegration::new()),
            Arc::new(ProcessStacktraceIntegration),
        ];
        let mut options = ClientOptions::new();
        options.dsn = Some(settings.dsn);
        options.environment = Some(settings.environment.into());
        options.release = settings.release.map(Into::into);
        options.default_integrations = false;
        options.integrations = integrations.into();
        options.transport = Some(Arc::new(Arc::clone(&transport)));
        Ok(Self {
            client: Arc::new(Client::with_options(options)),
            transport,
        })
    }

    pub(crate) fn send(&self, event: ErrorEvent, place: PanicPlace) {
        self.client
            .capture_event(sentry_event(event, place.stack), None);
    }

    pub(crate) fn flush(&self, deadline: Duration) {
        self.transport.flush(deadline);
    }
}
