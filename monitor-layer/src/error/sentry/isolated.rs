use std::{
    cell::RefCell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use sentry::{
    Client, Hub, HubSwitchGuard, Scope as SentryScope,
    protocol::{Event, User},
};

use super::{event::trace_context, redacted::redact};
use crate::{redact::Redactor, trace::TraceContext};

/// What an exchange or a job has of its own for calls of the Sentry SDK in it: a hub, where the builder asked for it.
/// It goes where the scope goes, and is the thread's at every poll.
#[derive(Clone, Default)]
pub(crate) struct Isolated(Option<Arc<Hub>>);

impl Isolated {
    /// With what is the process's, or that of the exchange or job around. Without a client of the process's own, calls
    /// of the SDK go where our events go.
    pub(crate) fn within(&self, client: Option<&Arc<Client>>, context: &TraceContext) -> Self {
        let outer = self.0.clone().unwrap_or_else(Hub::main);
        let hub = Hub::new_from_top(outer);
        if hub.client().is_none() {
            hub.bind_client(client.cloned());
        }
        // By which what the SDK sends has the ids of our logs and spans.
        let ids = (
            context.trace_id(),
            context.span_id(),
            context.parent_span_id(),
        );
        hub.configure_scope(|scope| {
            scope.set_context("trace", trace_context(ids.0, ids.1, ids.2));
        });
        Self(Some(Arc::new(hub)))
    }

    /// Makes it the thread's until [`leave`](Self::leave), where there is one; tells whether there is.
    #[inline]
    pub(crate) fn enter(&self) -> bool {
        match &self.0 {
            Some(hub) => switch_to(hub),
            None => false,
        }
    }

    /// Gives the thread back the one that it had before.
    #[cold]
    pub(crate) fn leave() {
        let switched = SWITCHED.try_with(|switched| switched.try_borrow_mut().ok()?.pop());
        drop(switched);
    }

    /// Adds what the user's code told the SDK to an event of ours, which keeps its own. `None` where an event processor
    /// of the user's wants it dropped.
    pub(super) fn add_to(
        &self,
        mut event: Event<'static>,
        redactor: &Redactor,
    ) -> Option<Event<'static>> {
        let Some(hub) = &self.0 else {
            return Some(event);
        };
        let scope: SentryScope = Hub::new_from_top(hub).configure_scope(|scope| scope.clone());
        let (level, user) = (event.level, event.user.take());
        let own = (
            mem::take(&mut event.tags),
            mem::take(&mut event.extra),
            event.contexts.clone(),
        );
        let mut event = scope.apply_to_event(event)?;
        redact(&mut event, redactor);
        event.level = level;
        event.tags.extend(own.0);
        event.extra.extend(own.1);
        event.contexts.extend(own.2);
        if let Some(id) = user.and_then(|user| user.id) {
            event.user.get_or_insert_with(User::default).id = Some(id);
        }
        Some(event)
    }
}

thread_local! {
    /// What gives the thread its hubs back, the innermost last. Not with who entered, whom a guard in place costs much,
    /// isolated or not.
    static SWITCHED: RefCell<Vec<HubSwitchGuard>> = const { RefCell::new(Vec::new()) };
}

#[cold]
fn switch_to(hub: &Arc<Hub>) -> bool {
    // Both panic on a thread that is being torn down, which then has no hub to be given back either.
    catch_unwind(AssertUnwindSafe(|| {
        let switched = HubSwitchGuard::new(Arc::clone(hub));
        SWITCHED.with_borrow_mut(|all| all.push(switched));
    }))
    .is_ok()
}
