use std::{error::Error, fmt, time::Duration};

use super::InvalidSetting;
#[cfg(feature = "server")]
use crate::health::InvalidCheck;
use crate::{log::InvalidLogLevel, metrics::RegisterError, trace::InvalidRatio};

/// Why a monitor could not be made.
#[non_exhaustive]
pub enum BuildError {
    /// A variable of the environment cannot be used.
    Setting(InvalidSetting),
    /// The builder's log level cannot be used.
    LogLevel(InvalidLogLevel),
    /// The builder's limit of repeated log lines would let none through.
    RepeatedLogs {
        /// How many lines.
        most: u32,
        /// Within which time.
        period: Duration,
    },
    /// The builder's log ratio cannot be used.
    LogRatio(InvalidRatio),
    /// The builder's sample ratio cannot be used.
    SampleRatio(InvalidRatio),
    /// A key to be redacted has no letter.
    RedactedKey(String),
    /// The builder's collector or its headers cannot be used.
    #[cfg(feature = "otlp")]
    Otlp(String),
    /// There is no thread to export spans.
    #[cfg(feature = "otlp")]
    OtlpThread(String),
    /// The builder's share of Sentry transactions cannot be used.
    #[cfg(feature = "sentry")]
    SentryTracesSampleRate(InvalidRatio),
    /// There is no thread to send error events.
    #[cfg(feature = "sentry")]
    SentryThread(String),
    /// The builder's channel of alerts cannot be used.
    #[cfg(feature = "alerts")]
    AlertChannel {
        /// Which one.
        channel: &'static str,
        /// What is wrong with it; never a secret.
        problem: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// A sink of alerts has no name, or that of another channel.
    #[cfg(feature = "alerts")]
    AlertChannelName(String),
    /// There is no thread to send alerts.
    #[cfg(feature = "alerts")]
    AlertThread(String),
    /// The registry has metrics of these names already.
    Register(RegisterError),
    /// A readiness check cannot be used.
    #[cfg(feature = "server")]
    Check(InvalidCheck),
    /// The checks are to be asked without a pause.
    #[cfg(feature = "server")]
    CheckInterval,
    /// An answer of a check would be too old before the next one comes.
    #[cfg(feature = "server")]
    CheckAgeLimit {
        /// How old an answer may be.
        limit: Duration,
        /// How old one gets: an interval, its jitter and the longest time limit of a check.
        oldest: Duration,
    },
    /// The queue is to be sampled without a pause.
    #[cfg(feature = "server")]
    QueueInterval,
    /// The queue is to be sampled where there is no tokio runtime.
    #[cfg(feature = "server")]
    QueueWithoutRuntime,
    /// `install` found a global `tracing` subscriber.
    SubscriberInstalled,
    /// There is an installed monitor already.
    MonitorInstalled,
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(error) => error.fmt(formatter),
            Self::LogLevel(error) => error.fmt(formatter),
            Self::RepeatedLogs { most, period } => write!(
                formatter,
                "repeated log lines are limited to {most} in {period:?}; expected one line at least and a time above 0"
            ),
            Self::LogRatio(InvalidRatio(ratio)) => write!(
                formatter,
                "the log ratio is {ratio}; expected a number from 0 to 1"
            ),
            Self::SampleRatio(error) => error.fmt(formatter),
            Self::RedactedKey(key) => write!(
                formatter,
                "the key {key:?} cannot be redacted: it has no letter; expected a word as `ssn` or `credit_card`"
            ),
            #[cfg(feature = "otlp")]
            Self::Otlp(problem) => write!(
                formatter,
                "the OTLP exporter {problem}; expected an http or https URL, as http://localhost:4318, and headers \
                 of HTTP's names and values"
            ),
            #[cfg(feature = "otlp")]
            Self::OtlpThread(error) => write!(
                formatter,
                "the thread that exports spans could not be started: {error}; expected room for one more thread"
            ),
            #[cfg(feature = "sentry")]
            Self::SentryTracesSampleRate(InvalidRatio(rate)) => write!(
                formatter,
                "the sample rate of Sentry transactions is {rate}; expected a number from 0 to 1"
            ),
            #[cfg(feature = "sentry")]
            Self::SentryThread(error) => write!(
                formatter,
                "the thread that sends error events could not be started: {error}; expected room for one more thread"
            ),
            #[cfg(feature = "alerts")]
            Self::AlertChannel {
                channel,
                problem,
                expected,
            } => write!(
                formatter,
                "the alert channel {channel} {problem}; expected {expected}"
            ),
            #[cfg(feature = "alerts")]
            Self::AlertChannelName(name) => write!(
                formatter,
                "an alert sink is named {name:?}; expected a name that no other channel has"
            ),
            #[cfg(feature = "alerts")]
            Self::AlertThread(error) => write!(
                formatter,
                "the thread that sends alerts could not be started: {error}; expected room for one thread for each \
                 channel"
            ),
            Self::Register(error) => error.fmt(formatter),
            #[cfg(feature = "server")]
            Self::Check(error) => error.fmt(formatter),
            #[cfg(feature = "server")]
            Self::CheckInterval => formatter.write_str(
                "the checks are asked every 0 s; expected a time above 0 between two answers",
            ),
            #[cfg(feature = "server")]
            Self::CheckAgeLimit { limit, oldest } => write!(
                formatter,
                "an answer of a check may be {limit:?} old, but is up to {oldest:?} old when the next one comes; \
                 expected a longer age limit, or a shorter interval"
            ),
            #[cfg(feature = "server")]
            Self::QueueInterval => formatter.write_str(
                "the queue is sampled every 0 s; expected a time above 0 between two samples",
            ),
            #[cfg(feature = "server")]
            Self::QueueWithoutRuntime => formatter.write_str(
                "the queue cannot be sampled without a tokio runtime; build the monitor inside of one",
            ),
            Self::SubscriberInstalled => formatter.write_str(
                "a global tracing subscriber is installed already; add `Monitor::log_layer` to it, and use `build` and `Monitor::set_global`",
            ),
            Self::MonitorInstalled => formatter.write_str(
                "a monitor is installed already; use `build` for a second one in the same process",
            ),
        }
    }
}

/// As `Display`: what a `main` that returns it prints.
impl fmt::Debug for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Error for BuildError {}

impl From<InvalidSetting> for BuildError {
    fn from(error: InvalidSetting) -> Self {
        Self::Setting(error)
    }
}

impl From<InvalidLogLevel> for BuildError {
    fn from(error: InvalidLogLevel) -> Self {
        Self::LogLevel(error)
    }
}

impl From<InvalidRatio> for BuildError {
    fn from(error: InvalidRatio) -> Self {
        Self::SampleRatio(error)
    }
}

impl From<RegisterError> for BuildError {
    fn from(error: RegisterError) -> Self {
        Self::Register(error)
    }
}

#[cfg(feature = "server")]
impl From<InvalidCheck> for BuildError {
    fn from(error: InvalidCheck) -> Self {
        Self::Check(error)
    }
}
