use std::{fmt, sync::Arc};

use tracing::{Metadata, level_filters::LevelFilter, subscriber::Interest};
use tracing_subscriber::layer::{Context, Filter};

use super::Levels;

/// Lets through what the monitor logs, by target and level, and follows
/// [`set_log_level`](crate::Monitor::set_log_level): a filter for a layer of a subscriber of one's own.
///
/// Made by [`Monitor::log_filter`](crate::Monitor::log_filter). Without it a [`LogLayer`](crate::LogLayer) writes the
/// same lines, but `tracing` makes the events that it does not write, too.
#[derive(Clone)]
pub struct LogFilter(Arc<Levels>);

impl LogFilter {
    pub(crate) const fn new(levels: Arc<Levels>) -> Self {
        Self(levels)
    }
}

impl<S> Filter<S> for LogFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.0.enable(metadata.target(), *metadata.level())
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.0.interest(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.lowest_level())
    }
}

impl fmt::Debug for LogFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("LogFilter")
            .field(&self.0.shown())
            .finish()
    }
}
