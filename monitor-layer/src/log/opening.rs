use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::{Method, uri::PathAndQuery};
use tracing::Level;

use super::{Key, Message, identity::Identity};
use crate::{
    exchange::{RequestHead, Route},
    monitor::Core,
    trace::current,
};

/// The line `Request started`, held back until its exchange is admitted or something inside writes a line.
///
/// So it comes before all that is written inside, and not at all of an exchange that is left unmeasured, which is
/// known only once the routes are reached.
pub(crate) struct Opening {
    core: Arc<Core>,
    identity: Identity,
    method: Method,
    path: Option<PathAndQuery>,
    route: Option<Route>,
    /// Written, or never to be.
    settled: AtomicBool,
}

impl Opening {
    pub(super) fn new(core: &Arc<Core>, request: &RequestHead<'_>, wanted: bool) -> Self {
        Self {
            core: Arc::clone(core),
            identity: Identity::current(),
            method: request.method.clone(),
            path: request.uri.path_and_query().cloned(),
            route: request.route.cloned(),
            settled: AtomicBool::new(!wanted),
        }
    }

    pub(super) fn path(&self) -> &str {
        self.path.as_ref().map_or("", PathAndQuery::path)
    }

    /// It is not written any more.
    pub(crate) fn settle(&self) -> bool {
        // A look costs less, and most are settled when they are dropped.
        !self.settled.load(Ordering::Relaxed) && !self.settled.swap(true, Ordering::Relaxed)
    }

    /// Writes the line, unless that has been settled.
    pub(super) fn write(&self) {
        if !self.settle() {
            return;
        }
        let core = &self.core;
        core.log.line_of(
            core,
            &self.identity,
            Level::INFO,
            Message::Own("Request started"),
            |fields| {
                fields.method(&self.method);
                fields.string(Key::PATH, self.path());
                if let Some(route) = &self.route {
                    fields.string(Key::ROUTE, route.as_str());
                }
            },
        );
    }
}

/// Writes the line that is held back in what is current, for another is to come.
pub(super) fn write_held_back() {
    let opening = current::with_current(|scope| scope.and_then(|scope| scope.opening.take()));
    if let Some(opening) = opening {
        opening.write();
    }
}
