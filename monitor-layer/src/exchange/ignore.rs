use std::{fmt, sync::Arc};

use http::Request;

use super::{RequestHead, Route, in_flight::guarded};
use crate::trace::current::{self, Scope};

/// Which requests a layer leaves alone.
#[derive(Clone, Default)]
pub(crate) struct Ignore(Option<Arc<Ignored>>);

type Ignored = dyn Fn(&RequestHead<'_>) -> bool + Send + Sync;

impl Ignore {
    /// These as well.
    pub(crate) fn or(
        self,
        ignored: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self(Some(match self.0 {
            None => Arc::new(ignored),
            Some(before) => Arc::new(move |request| before(request) || ignored(request)),
        }))
    }

    /// Whether this is one. A closure that panics ignores nothing, and is counted for the monitor of `scope`.
    #[inline]
    pub(crate) fn covers<B>(
        &self,
        request: &Request<B>,
        route: Option<&Route>,
        scope: &mut Option<Box<Scope>>,
    ) -> bool {
        let Some(ignored) = &self.0 else {
            return false;
        };
        let head = RequestHead::of(request, route);
        current::enter(scope, || guarded(|| ignored(&head))).unwrap_or(false)
    }
}

impl fmt::Debug for Ignore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = if self.0.is_some() { "some" } else { "none" };
        formatter.write_str(some)
    }
}
