//! Where lines of exchanges that may be thinned wait, or go on.

use std::time::Duration;

use tracing::Level;

use super::{
    Fields, Identity, Key, Log, Message,
    control::{Fate, Held, HeldLines, Lines, LogRatio, ThinnedExchange, Thinning},
    with_own_entry,
};
use crate::{
    metrics::Signal,
    monitor::Core,
    trace::current::{self, Scope},
};

impl Log {
    /// Thins the lines of healthy exchanges.
    pub(crate) fn thinned(mut self, ratio: Option<LogRatio>) -> Self {
        self.thinning = ratio.map(Thinning::new);
        self
    }

    /// The exchange that is current begins; `None` where none are thinned.
    #[inline]
    pub(super) fn begin_exchange(&self) -> Option<ThinnedExchange> {
        let thinning = self.thinning.as_ref()?;
        current::with_current(|scope| {
            let scope = scope?;
            let exchange = thinning.begin(scope.own_context());
            scope.lines = Some(exchange.lines().clone());
            Some(exchange)
        })
    }

    /// The exchange that is current is over, well as far as its answer tells. Writes what was held back of it where it
    /// is not to be thinned; `Err` where it is, else how many it stands for, if it stands for others.
    pub(super) fn end_exchange(
        &self,
        core: &Core,
        exchange: ThinnedExchange,
        is_well: bool,
        elapsed: Duration,
    ) -> Result<Option<f64>, Thinned> {
        let Some(thinning) = &self.thinning else {
            return Ok(None);
        };
        current::with_current(|scope| scope.and_then(|scope| scope.lines.take()));
        match thinning.end(exchange, is_well, elapsed) {
            Fate::Thinned => Err(Thinned),
            Fate::Written {
                held,
                adjusted_count,
            } => {
                self.put_all(core, &held);
                Ok(adjusted_count)
            }
        }
    }

    /// Lets the line wait with others of its exchange. A warning or an error does not, nor do they any longer.
    pub(super) fn put_or_hold_back(
        &self,
        thinning: &Thinning,
        core: &Core,
        line: &mut Vec<u8>,
        level: Level,
    ) -> bool {
        let held = current::with_current(|scope| {
            let lines = lines_of(scope?, core)?;
            Some(thinning.hold(lines, line, level))
        });
        match held {
            None => self.put(core, line, level),
            Some(Held::Taken) => true,
            Some(Held::Free(before)) => {
                self.put_all(core, &before);
                self.put(core, line, level)
            }
        }
    }

    /// Writes what is held back in what is current.
    pub(super) fn release(&self, core: &Core) {
        let Some(thinning) = &self.thinning else {
            return;
        };
        let held = current::with_current(|scope| {
            let lines = lines_of(scope?, core)?;
            Some(thinning.release(lines))
        });
        if let Some(held) = held {
            self.put_all(core, &held);
        }
    }

    /// Writes lines that were held back. What there was no room for is told and counted as lost.
    pub(super) fn put_all(&self, core: &Core, lines: &Lines) {
        if lines.dropped > 0 {
            for _ in 0..lines.dropped {
                core.metrics.dropped(Signal::Logs);
            }
            let message = format!("{} log lines dropped", lines.dropped);
            let message = Message::Any(&message);
            let describe = |fields: &mut Fields| fields.number(Key::DROPPED, lines.dropped);
            let (identity, level) = (Identity::current(), Level::WARN);
            with_own_entry(core, &identity, level, message, describe, |entry, line| {
                entry.write(line, self.sink.form);
                self.put(core, line, level)
            });
        }
        let mut whole = Vec::new();
        for (line, level) in lines.iter() {
            whole.clear();
            whole.extend_from_slice(line);
            self.put(core, &mut whole, level);
        }
    }
}

/// The lines of an exchange were thinned.
pub(super) struct Thinned;

/// Only of this monitor's own exchange: another one writes what is its.
fn lines_of<'a>(scope: &'a Scope, core: &Core) -> Option<&'a HeldLines> {
    let own = scope.core.as_ref()?;
    let is_own = std::ptr::eq(&raw const *own.shared, &raw const *core.shared);
    scope.lines.as_deref().filter(|_| is_own)
}
