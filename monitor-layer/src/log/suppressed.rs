//! Lines that are one too many of their call site, and how they are told of.

use tracing::Metadata;

use super::{
    Fields, Identity, Key, Log, Message,
    control::{Admitted, RepeatLimit, Repeats, Suppressed},
    with_own_entry,
};
use crate::monitor::Core;

impl Log {
    /// Limits warnings and errors that come from one call site again and again.
    pub(crate) fn limited(mut self, limit: Option<RepeatLimit>) -> Self {
        self.repeats = limit.map(Repeats::new);
        self
    }

    /// Whether an event of this call site is to be written, or is one too many.
    #[inline]
    pub(super) fn admit(
        &self,
        core: &Core,
        metadata: &'static Metadata<'static>,
    ) -> Option<Admitted<'_>> {
        let Some(repeats) = &self.repeats else {
            return Some(Admitted::unlimited());
        };
        let admitted = repeats.admit(metadata);
        if admitted.is_none() {
            core.metrics.line_suppressed(*metadata.level());
        }
        admitted
    }

    /// Tells of lines that were left out, where a period is over and no further one has told.
    #[inline]
    pub(super) fn tell_suppressed(&self, core: &Core) {
        if let Some(repeats) = &self.repeats {
            repeats.over().for_each(|over| self.suppressed(core, over));
        }
    }

    /// The same of all, for no further line may come.
    pub(crate) fn tell_all_suppressed(&self, core: &Core) {
        if let Some(repeats) = &self.repeats {
            repeats.all().for_each(|all| self.suppressed(core, all));
        }
    }

    fn suppressed(&self, core: &Core, suppressed: Suppressed<'_>) {
        let Suppressed { metadata, lines } = suppressed;
        let count = lines.suppressed();
        let message = format!("{count} repeated log lines suppressed");
        let message = Message::Any(&message);
        let describe = |fields: &mut Fields| {
            fields.number(Key::SUPPRESSED, count);
            fields.string(Key::TARGET, metadata.target());
            if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
                fields.string(Key::FILE, file);
                fields.number(Key::LINE, line);
            }
        };
        let nobody = Identity::default();
        let level = *metadata.level();
        let is_written = with_own_entry(core, &nobody, level, message, describe, |entry, line| {
            entry.write(line, self.sink.form);
            self.put(core, line, level)
        });
        if is_written {
            lines.told();
        }
    }
}
