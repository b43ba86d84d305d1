use std::error::Error;

use tracing::{
    Event,
    field::{Field, Visit},
};

use super::{Failure, Origin, Said};
use crate::{exchange::guarded, monitor::Core};

/// Notes the error that an `error!` line has as a field, by `error = &error as &dyn Error`: one that nobody told of
/// before, and whose step, job or exchange may yet fail by it.
pub(crate) fn capture_line(core: &Core, event: &Event<'_>) {
    event.record(&mut Noted(core));
}

struct Noted<'a>(&'a Core);

impl Visit for Noted<'_> {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_error(&mut self, _: &Field, error: &(dyn Error + 'static)) {
        let core = self.0;
        // What reads the error is the user's.
        guarded(|| {
            let failure = Failure::line(core, error);
            core.errors
                .note(core, Origin::Told, failure, Said::default())
        });
    }
}
