//! Alerts: what the builder and the environment ask for, and what a monitor does with them.

mod channels;
mod settings;

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

pub(super) use self::{
    channels::{alerts, failed_start},
    settings::AlertSettings,
};
use super::{Monitor, MonitorBuilder};
use crate::{
    Alert, AlertNotice, AlertSelfTest, AlertSeverity, AlertSink, Alertmanager, Category, PagerDuty,
    Slack,
    alert::{FailedStart, RaisedBy},
};

/// As the builder was told.
#[derive(Clone, Default)]
pub(super) struct AlertOptions {
    slack: Option<Slack>,
    pagerduty: Option<PagerDuty>,
    alertmanager: Option<Alertmanager>,
    sinks: Vec<OwnSink>,
    repeat: Option<Duration>,
    longest: Option<Duration>,
    backoff: Option<(Duration, Duration)>,
    pub(super) raised_by: RaisedBy,
    pub(super) memory: Option<Arc<Mutex<Vec<AlertNotice>>>>,
}

/// A sink of the user's, which a failed start shares with the monitor that did not come to be.
#[derive(Clone)]
struct OwnSink {
    name: String,
    lowest: AlertSeverity,
    sink: Arc<Mutex<dyn AlertSink>>,
}

impl MonitorBuilder {
    /// Keeps what would be sent, for tests.
    #[cfg(feature = "testing")]
    pub(crate) fn alerts_to(mut self, told: Arc<Mutex<Vec<AlertNotice>>>) -> Self {
        self.alerts.memory = Some(told);
        self
    }

    /// Tells Slack of alerts, instead of `SLACK_WEBHOOK_URL`.
    pub fn slack(mut self, slack: Slack) -> Self {
        self.alerts.slack = Some(slack);
        self
    }

    /// Tells PagerDuty of critical alerts, instead of `PAGERDUTY_ROUTING_KEY`.
    pub fn pagerduty(mut self, pagerduty: PagerDuty) -> Self {
        self.alerts.pagerduty = Some(pagerduty);
        self
    }

    /// Tells an Alertmanager of alerts, instead of `ALERTMANAGER_URL`; Slack and PagerDuty are left to it then, wherever
    /// they are set.
    pub fn alertmanager(mut self, alertmanager: Alertmanager) -> Self {
        self.alerts.alertmanager = Some(alertmanager);
        self
    }

    /// Tells a sink of one's own of alerts of this severity and above: see [`AlertSink`]. Its name is the label
    /// `channel` of `alert_notifications_total`.
    pub fn alert_sink(
        mut self,
        name: impl Into<String>,
        lowest: AlertSeverity,
        sink: impl AlertSink,
    ) -> Self {
        self.alerts.sinks.push(OwnSink {
            name: name.into(),
            lowest,
            sink: Arc::new(Mutex::new(sink)),
        });
        self
    }

    /// How long the same alert is not told again on a channel that took it; five minutes by default. The next one that
    /// is told says how many alike there were meanwhile.
    pub fn alert_repeat_interval(mut self, interval: Duration) -> Self {
        self.alerts.repeat = Some(interval);
        self
    }

    /// For how long a channel that does not take an alert is tried; an hour by default. Then the alert is lost on it, and
    /// counted in `telemetry_dropped_total`.
    pub fn alert_max_age(mut self, age: Duration) -> Self {
        self.alerts.longest = Some(age);
        self
    }

    /// The longest pause after the first failure of a channel, and after any; a second and a minute by default. Each is a
    /// random part of a limit that doubles ("full jitter"), and no shorter than what the channel asks for.
    pub fn alert_backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.alerts.backoff = Some((first, longest));
        self
    }

    /// Raises a critical alert for each failure of this category: when its request ends, or the last attempt of its job.
    ///
    /// ```
    /// use monitor_layer::{Category, Monitor};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .alert_on(Category::Payment)
    ///     .alert_on_panics()
    ///     .alert_on_failed_start()
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn alert_on(mut self, category: Category) -> Self {
        self.alerts.raised_by.categories[category as usize] = true;
        self
    }

    /// Raises a critical alert for each panic of a request, a job or a step; where the monitor is installed, for each
    /// that nobody of ours catches, too.
    pub fn alert_on_panics(mut self) -> Self {
        self.alerts.raised_by.panics = true;
        self
    }

    /// Raises a critical alert where this builder comes to no monitor: [`build`](Self::build) and
    /// [`install`](Self::install) then wait for it to be told, for five seconds at most, and give their error as ever.
    /// What fails later in a start is told by [`Monitor::alert_failed_start`].
    ///
    /// A channel that cannot be used itself tells nothing.
    pub fn alert_on_failed_start(mut self) -> Self {
        self.alerts.raised_by.failed_start = true;
        self
    }
}

impl Monitor {
    /// Tells people of an alert: by each channel that takes its severity, critical ones by PagerDuty and Slack, others by
    /// Slack. It returns at once, takes about a microsecond, and never panics; channels are told a fifth of a second later at
    /// most.
    ///
    /// What waits for a channel is told in the order of severity and then age. The same alert is told again only after
    /// a while ([`MonitorBuilder::alert_repeat_interval`]), a worse one at once. What a channel does not take is tried
    /// again for an hour ([`MonitorBuilder::alert_max_age`]); a thousand wait for each channel at most, and then what
    /// matters least goes. `alert_notifications_total` tells what came of each on each channel.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use monitor_layer::{Alert, testing::TestMonitor};
    ///
    /// let monitor = TestMonitor::new("api");
    /// monitor.alert(Alert::warning("Provider is slow").label("provider", "acme"));
    /// assert_eq!(monitor.alerts()[0].headline(), "[warning] Provider is slow");
    /// # }
    /// ```
    pub fn alert(&self, alert: Alert) {
        self.core().alerts.raise(self.core(), alert, false);
    }

    /// Tells that what this alert told of is over: of the same severity, summary and labels, or the same key. Slack is not
    /// told of the end of what it was not told of, and the others once, so that this may be said as often as all is well.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use monitor_layer::{Alert, testing::TestMonitor};
    ///
    /// let slow = || Alert::warning("Provider is slow").label("provider", "acme");
    /// let monitor = TestMonitor::new("api");
    /// monitor.alert(slow());
    /// monitor.resolve_alert(slow());
    /// assert_eq!(monitor.alerts()[1].headline(), "[resolved] Provider is slow");
    /// # }
    /// ```
    pub fn resolve_alert(&self, alert: Alert) {
        self.core().alerts.raise(self.core(), alert, true);
    }

    /// Sends a test alert and its end through every channel at once, and tells for each what came of it. Nobody is
    /// woken by it, and it is not counted.
    ///
    /// It blocks, for half a minute at most: in async code, call it by `tokio::task::spawn_blocking`.
    ///
    /// ```no_run
    /// # let monitor = monitor_layer::Monitor::builder("api").build()?;
    /// for test in monitor.alert_self_test() {
    ///     println!("{test}"); // "slack took a test alert and its end."
    /// }
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    #[must_use]
    pub fn alert_self_test(&self) -> Vec<AlertSelfTest> {
        self.core().alerts.self_test(self.core())
    }

    /// Raises a critical alert that the service does not start, and waits for it to be told, for five seconds at most:
    /// for what fails between the monitor and the first request.
    ///
    /// ```no_run
    /// # fn serve() -> Result<(), std::io::Error> { Ok(()) }
    /// let monitor = monitor_layer::Monitor::builder("api").install()?;
    /// serve().inspect_err(|error| monitor.alert_failed_start(error))?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn alert_failed_start(&self, error: &(dyn Error + 'static)) {
        let core = self.core();
        core.alerts
            .raise(core, FailedStart::alert(&core.service, error), false);
        core.alerts.flush(FailedStart::DEADLINE);
    }
}
