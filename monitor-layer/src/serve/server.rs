use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tower_service::Service;
use tracing::Level;

use super::{
    ServeError, Times,
    accepting::Accepting,
    driver::{Protocols, drive, protocols},
    open::OpenConnections,
    state::Stage,
};
use crate::{
    log::{Fields, Key},
    monitor::{Abandoned, Core, Monitor, drain::TARGET, shutdown::Signals},
};

/// An app that is being served.
pub(super) struct Server<S> {
    core: Arc<Core>,
    app: S,
    times: Times,
    protocols: Arc<Protocols>,
    connections: Arc<OpenConnections>,
    /// That drive connections; they end with the server.
    tasks: JoinSet<()>,
}

impl<S, B> Server<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) fn new(monitor: &Monitor, app: S, times: Times) -> Self {
        let core = monitor.core();
        Self {
            core: Arc::clone(core),
            app: prepared(app),
            times,
            protocols: Arc::new(protocols(times.idle)),
            connections: Arc::new(OpenConnections::new(core)),
            tasks: JoinSet::new(),
        }
    }

    pub(super) async fn serve(
        self,
        monitor: &Monitor,
        listener: TcpListener,
    ) -> Result<(), ServeError> {
        let core = Arc::clone(&self.core);
        // From here on, so that the second one is known for what it is.
        let signals = Signals::watch();
        let watching = async {
            match signals {
                Some(signals) => core.watch_signals(signals).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            served = self.run(monitor, listener) => served,
            never = watching => match never {},
        }
    }

    async fn run(mut self, monitor: &Monitor, listener: TcpListener) -> Result<(), ServeError> {
        let core = Arc::clone(&self.core);
        let mut accepting = Accepting::new(Arc::clone(&core), listener);
        self.accept(&mut accepting, core.shutdown.asked_times(1))
            .await?;

        let asked = Instant::now();
        self.tell_requested();
        self.connections.advance(Stage::Draining);
        let grace = self.times.grace;
        let noticed = async {
            tokio::select! {
                () = sleep(grace) => {}
                () = core.shutdown.asked_times(2) => {}
            }
        };
        self.accept(&mut accepting, noticed).await?;

        for (socket, peer) in accepting.close() {
            self.open(socket, peer);
        }
        self.connections.advance(Stage::Closing);
        self.finish().await;
        self.tell_completed(asked.elapsed());
        monitor.shutdown(self.times.flush).await;
        Ok(())
    }

    async fn accept(
        &mut self,
        accepting: &mut Accepting,
        until: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let mut until = std::pin::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => return Ok(()),
                accepted = accepting.next() => {
                    let (socket, peer) = accepted.map_err(ServeError::listener)?;
                    self.open(socket, peer);
                }
                // One that panicked has taken its connection along, and the panic hook has told of it.
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    fn open(&mut self, socket: TcpStream, peer: SocketAddr) {
        let place = self.connections.open();
        let protocols = Arc::clone(&self.protocols);
        let app = self.app.clone();
        self.tasks.spawn(drive(protocols, socket, peer, place, app));
    }

    /// Waits for what is in flight, and ends what does not end by itself.
    async fn finish(&mut self) {
        let (core, connections) = (Arc::clone(&self.core), Arc::clone(&self.connections));
        let open = || connections.count();
        let ended = async {
            tokio::select! {
                () = core.idle(open) => true,
                () = core.shutdown.asked_times(3) => false,
            }
        };
        if timeout(self.times.deadline, ended).await == Ok(true) {
            return;
        }
        core.abandon(open, || {
            self.tasks.abort_all();
            connections.advance(Stage::Cut);
        })
        .await;
    }

    fn tell_requested(&self) {
        self.tell("Shutdown requested", |fields| {
            fields.milliseconds(Key::GRACE_MS, self.times.grace);
            fields.milliseconds(Key::DEADLINE_MS, self.times.deadline);
            fields.number(Key::REQUESTS, self.core.metrics.active_requests());
            fields.number(Key::JOBS, self.core.jobs.count());
            fields.number(Key::CONNECTIONS, self.connections.count());
        });
    }

    fn tell_completed(&self, took: Duration) {
        let [requests, jobs] =
            [Abandoned::Request, Abandoned::Job].map(|what| self.core.shutdown.abandoned(what));
        self.tell("Shutdown completed", |fields| {
            fields.milliseconds(Key::DURATION_MS, took);
            fields.number(Key::ABANDONED_REQUESTS, requests);
            fields.number(Key::ABANDONED_JOBS, jobs);
        });
    }

    fn tell(&self, message: &'static str, describe: impl FnOnce(&mut Fields<'_>)) {
        let core = &self.core;
        core.log.line(core, TARGET, Level::INFO, message, describe);
    }
}

/// A `Router` that has no state yet makes all of its services anew at each call.
#[cfg(feature = "axum")]
fn prepared<S: 'static>(mut app: S) -> S {
    let any: &mut dyn std::any::Any = &mut app;
    if let Some(router) = any.downcast_mut::<axum::Router>() {
        *router = std::mem::take(router).with_state(());
    }
    app
}

#[cfg(not(feature = "axum"))]
const fn prepared<S>(app: S) -> S {
    app
}
