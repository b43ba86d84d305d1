use std::{ops::Deref, sync::Arc};

use tracing::{Event, span::Id};

use super::LogLayer;
use crate::{
    log::identity::{Identity, SpanIds},
    monitor::Core,
    trace::current::{self, Scope},
};

/// What is around an event.
pub(super) struct Surroundings<'a> {
    pub(super) core: Destination<'a>,
    pub(super) identity: Identity,
    /// The span that was entered last, where it is known here.
    pub(super) innermost: Option<Id>,
}

/// The monitor that something goes to. The layer's own is not cloned: all threads would count in one place.
pub(super) enum Destination<'a> {
    Own(&'a Core),
    Current(Arc<Core>),
}

impl Deref for Destination<'_> {
    type Target = Core;

    fn deref(&self) -> &Core {
        match self {
            Self::Own(core) => core,
            Self::Current(core) => core,
        }
    }
}

impl LogLayer {
    /// Where something goes that happens here: to the monitor whose work it is part of, unless a layer of that
    /// monitor's own sees it.
    pub(super) fn destination(&self, scope: Option<&Scope>) -> Option<Destination<'_>> {
        let own = self.core.as_ref();
        let Some(current) = scope.and_then(|scope| scope.core.as_ref()) else {
            return own.map(|own| Destination::Own(own));
        };
        let is_own = own.is_some_and(|own| Arc::ptr_eq(&current.shared, &own.shared));
        match own {
            Some(own) if Arc::ptr_eq(current, own) => Some(Destination::Own(own)),
            _ if is_own || !current.log.has_layer() => {
                Some(Destination::Current(Arc::clone(current)))
            }
            _ => None,
        }
    }

    /// What is around an event; `None` where no line is to be written of it.
    pub(super) fn surroundings(&self, event: &Event<'_>) -> Option<Surroundings<'_>> {
        let metadata = event.metadata();
        let mut around = current::with_current(|scope| {
            let core = self.destination(scope.as_deref())?;
            if !core.log.enabled(metadata.target(), *metadata.level()) {
                return None;
            }
            Some(Surroundings {
                core,
                identity: scope.as_deref().map(Identity::of).unwrap_or_default(),
                innermost: scope.as_deref().and_then(|it| self.spans.innermost(it)),
            })
        })?;
        // The span that an event names is its parent, in place of the innermost one that is entered.
        if let Some(parent) = event.parent() {
            let parent = self
                .spans
                .with(parent, |span| span.context.as_ref().map(SpanIds::of));
            if let Some(Some(parent)) = parent {
                around.identity.span = Some(parent);
            }
        }
        Some(around)
    }
}
