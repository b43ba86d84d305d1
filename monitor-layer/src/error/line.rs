use std::error::Error;

use tracing::{
    Event,
    field::{Field, Visit},
};

use super::{Failure, Origin, Said, Teller};
use crate::{exchange::guarded, monitor::Core};

/// Notes the error that an `error!` line has as a field, by `error = &error as &dyn Error`: one that nobody told of
/// before, and whose step, job or exchange may yet fail by it.
pub(crate) fn capture_line(core: &Core, event: &Event<'_>) {
    let call_site = std::ptr::from_ref(event.metadata()) as usize;
    event.record(&mut Noted(core, Teller::Line(call_site)));
}

struct Noted<'a>(&'a Core, Teller);

impl Visit for Noted<'_> {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_error(&mut self, _: &Field, error: &(dyn Error + 'static)) {
        let Self(core, teller) = *self;
        // What reads the error is the user's.
        guarded(|| {
            let failure = Failure::line(core, error);
            core.errors
                .note(core, Origin::Told(teller), failure, Said::default())
        });
    }
}
