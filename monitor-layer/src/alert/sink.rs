use std::{error::Error, fmt, time::Duration};

use super::AlertNotice;

/// Tells people of alerts: PagerDuty, Slack, Alertmanager, or one's own way to them.
///
/// It is called by a thread of its own, one notice at a time, so it may block; with a time limit, for meanwhile nothing
/// else goes this way. What it logs and captures is not told of by itself; one that panics has lost that notice alone.
///
/// ```
/// use monitor_layer::{AlertNotice, AlertSeverity, AlertSink, DeliveryError, Monitor};
///
/// struct Pager;
///
/// impl AlertSink for Pager {
///     fn send(&mut self, notice: &AlertNotice) -> Result<(), DeliveryError> {
///         let text = notice.headline(); // `[critical] Disk almost full`
///         page(&text).map_err(|busy| DeliveryError::transient(busy.to_string()))
///     }
/// }
/// # fn page(_text: &str) -> Result<(), std::io::Error> { Ok(()) }
///
/// let monitor = Monitor::builder("api")
///     .alert_sink("pager", AlertSeverity::Critical, Pager)
///     .build()?;
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
pub trait AlertSink: Send + 'static {
    /// Tells of one alert, or that it is over.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] says why it was not told of, and whether another try may do better.
    fn send(&mut self, notice: &AlertNotice) -> Result<(), DeliveryError>;
}

/// Why a channel did not take an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryError {
    reason: String,
    is_transient: bool,
    retry_after: Option<Duration>,
}

impl DeliveryError {
    /// Another try may succeed: the alert stays, and is tried again after a random pause whose limit doubles.
    #[must_use]
    pub fn transient(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            is_transient: true,
            retry_after: None,
        }
    }

    /// The alert will never be taken, and is lost on this channel.
    #[must_use]
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self {
            is_transient: false,
            ..Self::transient(reason)
        }
    }

    /// How long the channel asks to be left alone.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    pub(super) fn is_transient(&self) -> bool {
        self.is_transient
    }

    pub(super) fn pause(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

impl Error for DeliveryError {}
