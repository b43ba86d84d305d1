//! Failures as Sentry events, and how its sessions and transactions come to be: built from our own context on no scope
//! at all, straight to a client of our own, whose transport is ours, too: what is lost on its way is counted.

mod event;
mod isolated;
mod queue;
mod redacted;
mod sessions;
mod transactions;
mod transport;

use std::{borrow::Cow, sync::Arc, time::Duration};

use sentry::{
    Client, ClientOptions, Envelope, Integration, Transport as _,
    integrations::{backtrace::ProcessStacktraceIntegration, contexts::ContextIntegration},
    protocol::SpanStatus,
};

use self::{
    event::sentry_event,
    redacted::redact,
    sessions::Sessions,
    transactions::{Performed, of_status},
    transport::ToServer,
};
pub(crate) use self::{isolated::Isolated, sessions::SessionEnd, transactions::StepSpans};
use super::{
    chain::guarded,
    draft::Completed,
    ended::{Attempt, AttemptEnd},
};
use crate::{
    exchange::{End, Outcome},
    metrics::{Metrics, Signal},
    monitor::Core,
    redact::Redactor,
    trace::{
        Threshold,
        current::{self, Scope},
    },
};

/// What a Sentry client is made from.
pub(crate) struct Settings {
    pub(crate) dsn: sentry::types::Dsn,
    pub(crate) environment: String,
    pub(crate) release: Option<String>,
    /// The share of traces whose transactions are sent.
    pub(crate) traces: Threshold,
    pub(crate) sessions: bool,
    /// For events of the user's own, as our own have no secrets by then.
    pub(crate) redactor: Redactor,
}

/// A Sentry client of the monitor's own: it neither needs nor changes the process's hub.
pub(crate) struct Sink {
    client: Arc<Client>,
    transport: Arc<ToServer>,
    traces: Threshold,
    sessions: Option<Arc<Sessions>>,
}

impl Sink {
    /// # Errors
    ///
    /// That of the system, where it has no thread to give.
    pub(crate) fn new(settings: Settings, metrics: &Arc<Metrics>) -> std::io::Result<Self> {
        let Settings {
            dsn,
            environment,
            release,
            traces,
            sessions,
            redactor,
        } = settings;
        let sessions = release.clone().filter(|_| sessions).map(|release| {
            let shards = metrics.shards();
            Arc::new(Sessions::new(release, environment.clone(), shards))
        });
        let transport = ToServer::start(&dsn, Arc::clone(metrics), sessions.clone())?;
        let transport = Arc::new(transport);
        let integrations: [Arc<dyn Integration>; 2] = [
            // The server's name, and what system it is.
            Arc::new(ContextIntegration::new()),
            Arc::new(ProcessStacktraceIntegration),
        ];
        let mut options = ClientOptions::new();
        options.dsn = Some(dsn);
        options.environment = Some(environment.into());
        options.release = release.map(Into::into);
        options.default_integrations = false;
        options.integrations = integrations.into();
        options.before_send = Some(Arc::new(move |mut event| {
            redact(&mut event, &redactor);
            Some(event)
        }));
        options.transport = Some(Arc::new(Arc::clone(&transport)));
        Ok(Self {
            client: Arc::new(Client::with_options(options)),
            transport,
            traces,
            sessions,
        })
    }

    pub(super) fn send(&self, core: &Core, completed: Completed) {
        let Completed {
            event,
            place,
            isolated,
        } = completed;
        let event = sentry_event(event, place.stack);
        // An event processor of the user's may panic.
        match guarded(|| isolated.add_to(event, &core.redactor)) {
            Some(Some(event)) => {
                self.client.capture_event(event, None);
            }
            Some(None) => {}
            None => core.metrics.dropped(Signal::Errors),
        }
    }

    pub(crate) const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The exchange that is current is over.
    pub(super) fn exchange_ended(&self, core: &Core, end: SessionEnd, outcome: &Outcome<'_>) {
        self.ended(core, end, || of_exchange(outcome));
    }

    /// The attempt of a job that is current is over.
    pub(super) fn attempt_ended(&self, core: &Core, end: SessionEnd, attempt: &Attempt<'_>) {
        self.ended(core, end, || of_attempt(attempt));
    }

    fn ended(&self, core: &Core, end: SessionEnd, performed: impl FnOnce() -> Performed) {
        if let Some(sessions) = &self.sessions {
            sessions.count(end);
        }
        let is_wanted = current::with_current(|scope| scope.is_some_and(|it| self.admits(it)));
        let Some(scope) = is_wanted.then(Scope::current).flatten() else {
            return;
        };
        let options = self.client.options();
        let mut transaction = performed().transaction(core, &scope);
        transaction.event_id = sentry::types::random_uuid();
        transaction.release.clone_from(&options.release);
        transaction.environment.clone_from(&options.environment);
        transaction.server_name.clone_from(&options.server_name);
        transaction.platform = Cow::Borrowed("native");
        let mut envelope = Envelope::new();
        envelope.add_item(transaction);
        self.transport.send_envelope(envelope);
    }

    /// The step that is current is over; it stands in the transaction of what it is in.
    pub(super) fn step_ended(&self, name: &str, succeeded: bool, elapsed: Duration) {
        let scope = current::with_current(|scope| {
            let scope = scope.filter(|scope| self.follows_step(scope))?;
            scope.shared_unit();
            Some(scope.clone())
        });
        if let Some(scope) = scope
            && let Some(unit) = &scope.unit
        {
            unit.steps.add(&scope, name, succeeded, elapsed);
        }
    }

    pub(super) fn follows_step(&self, scope: &Scope) -> bool {
        scope.enclosing.is_some() && self.admits(scope)
    }

    pub(crate) fn flush(&self, deadline: Duration) {
        if let Some(summed_up) = self.sessions.as_ref().and_then(|sessions| sessions.take()) {
            self.transport.send_envelope(summed_up);
        }
        self.transport.wait_until_sent(deadline);
    }

    fn admits(&self, scope: &Scope) -> bool {
        self.traces.admits(scope.own_context().trace_id())
    }
}

fn of_exchange(outcome: &Outcome<'_>) -> Performed {
    Performed {
        name: format!("{} {}", outcome.method, outcome.route_label()),
        op: "http.server",
        status: match outcome.end {
            End::Cancelled => SpanStatus::Cancelled,
            End::Aborted => SpanStatus::Aborted,
            _ => of_status(outcome.status.as_u16()),
        },
        elapsed: outcome.elapsed,
    }
}

fn of_attempt(attempt: &Attempt<'_>) -> Performed {
    Performed {
        name: format!("job {}", attempt.niche),
        op: "queue.process",
        status: match attempt.end {
            AttemptEnd::Succeeded => SpanStatus::Ok,
            AttemptEnd::Cancelled => SpanStatus::Cancelled,
            AttemptEnd::Failed | AttemptEnd::Panicked => SpanStatus::InternalError,
        },
        elapsed: attempt.elapsed,
    }
}
