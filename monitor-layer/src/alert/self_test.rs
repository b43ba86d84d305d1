use std::{fmt, sync::Arc, time::Duration};

use super::{
    Alert, AlertNotice,
    notice::{Raised, Source},
};

/// For all channels together: twice what one delivery may take, and a little.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// What came of a test of one channel. It displays as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertSelfTest {
    /// The channel's name, as in `alert_notifications_total`.
    pub channel: String,
    /// Why it did not take the test alert, where it did not.
    pub problem: Option<String>,
}

impl AlertSelfTest {
    /// Whether it took the test alert and its end.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.problem.is_none()
    }
}

impl fmt::Display for AlertSelfTest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channel = &self.channel;
        match &self.problem {
            None => write!(formatter, "{channel} took a test alert and its end."),
            Some(problem) => write!(formatter, "{channel} took no test alert: {problem}."),
        }
    }
}

/// Nobody is to be woken by it.
pub(super) fn notice(source: &Source<'_>) -> AlertNotice {
    let alert = Alert::info("Alert self-test")
        .description("A test of this channel. Nothing is wrong, and there is nothing to do.");
    AlertNotice {
        raised: Arc::new(Raised::new(alert, false, source)),
        more: 0,
    }
}

/// The end of what was told.
pub(super) fn resolved(notice: &AlertNotice) -> AlertNotice {
    AlertNotice {
        raised: Arc::new(notice.raised.resolved()),
        more: 0,
    }
}
