use std::{error::Error, sync::Arc, time::Duration};

use super::{Alert, Alerts};
use crate::error::{chain, text};

/// Tells that a service does not start, though there is no monitor.
pub(crate) struct FailedStart {
    pub(crate) alerts: Alerts,
    pub(crate) service: Arc<str>,
    pub(crate) env: Arc<str>,
}

impl FailedStart {
    /// How long a start that has failed is held up to tell of it.
    pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

    /// Waits for it to be told, for five seconds at most.
    pub(crate) fn tell(self, error: &(dyn Error + 'static)) {
        let alert = Self::alert(&self.service, error);
        self.alerts
            .raise_without_monitor(alert, &self.service, &self.env);
        self.alerts.flush(Self::DEADLINE);
    }

    pub(crate) fn alert(service: &str, error: &(dyn Error + 'static)) -> Alert {
        let sources = chain(error);
        let sources = sources.iter().map(|source| format!(": {source}"));
        Alert::critical(format!("{service} does not start")).description(format!(
            "{}{}",
            text(error),
            sources.collect::<String>()
        ))
    }
}
