//! What a monitor makes of failures.

use std::error::Error;

use super::MonitorBuilder;
use crate::error::{BeforeSend, Category, ErrorEvent};

/// As the builder was told.
#[derive(Default)]
pub(super) struct ErrorOptions {
    pub(super) before_send: Option<BeforeSend>,
    #[cfg(feature = "sentry")]
    pub(super) sentry_dsn: Option<String>,
    #[cfg(feature = "sentry")]
    pub(super) traces_sample_rate: Option<f64>,
    #[cfg(feature = "sentry")]
    pub(super) without_sessions: bool,
    #[cfg(feature = "sentry")]
    pub(super) isolate: bool,
}

impl MonitorBuilder {
    /// Tells the category of errors of other people's types, that have no [`Categorize`](crate::Categorize): asked for
    /// each error of a chain of sources, outermost first, and in the order in which classifiers are given.
    ///
    /// What an error says of itself and a code win over it, it wins over the types and phrases that are known anyway.
    /// It is asked when something has failed; one that panics knows nothing.
    ///
    /// ```
    /// use monitor_layer::{Category, Monitor};
    /// use std::num::ParseIntError;
    ///
    /// let monitor = Monitor::builder("api")
    ///     .classify(|error| error.is::<ParseIntError>().then_some(Category::Pipeline))
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn classify(
        mut self,
        classifier: impl Fn(&(dyn Error + 'static)) -> Option<Category> + Send + Sync + 'static,
    ) -> Self {
        self.classifier.ask(classifier);
        self
    }

    /// Lets each error event pass here before it is sent, to be changed or, by `None`, dropped. A dropped one counts in
    /// `errors_total`, and not as lost; one that this panics at is lost, as is one
    /// of a failure that is captured in here.
    ///
    /// Its secrets are redacted before, and those that are added after. It runs where the failed exchange or job ends,
    /// so that it should not take long; the last one that is given counts.
    ///
    /// ```
    /// use monitor_layer::{Category, Monitor};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .before_send(|mut event| {
    ///         event.tags.push(("region".to_owned(), "eu".to_owned()));
    ///         (event.category != Category::RateLimit).then_some(event)
    ///     })
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn before_send(
        mut self,
        change: impl Fn(ErrorEvent) -> Option<ErrorEvent> + Send + Sync + 'static,
    ) -> Self {
        self.errors.before_send = Some(BeforeSend::new(change));
        self
    }

    /// Where captured failures are sent, instead of `SENTRY_DSN`.
    #[cfg(feature = "sentry")]
    pub fn sentry_dsn(mut self, dsn: impl Into<String>) -> Self {
        self.errors.sentry_dsn = Some(dsn.into());
        self
    }

    /// The share of traces, from 0 to 1, whose requests and jobs are Sentry transactions, with their steps as spans,
    /// instead of `SENTRY_TRACES_SAMPLE_RATE`; a tenth by default, and 0 is off.
    ///
    /// Decided by the trace id as [`sample_ratio`](Self::sample_ratio) is, so that the smaller share lies within the
    /// larger one.
    #[cfg(feature = "sentry")]
    pub fn sentry_traces_sample_rate(mut self, rate: f64) -> Self {
        self.errors.traces_sample_rate = Some(rate);
        self
    }

    /// Whether Sentry is told once a minute how many requests and attempts of jobs ended, failed and panicked, as its
    /// sessions of a release; it is by default, where a release is known.
    #[cfg(feature = "sentry")]
    pub fn sentry_sessions(mut self, sent: bool) -> Self {
        self.errors.without_sessions = !sent;
        self
    }

    /// Whether what code inside tells the Sentry SDK itself, as by `sentry::configure_scope` and `sentry::add_breadcrumb`,
    /// is kept to the exchange or job that it is told in, and stands in its error events; not by default, for it has a
    /// cost: 7 allocations for each exchange and job, and a hub switched at each poll of it and of each step in it.
    ///
    /// Each exchange and job then has a hub of its own, with what was told the process's main hub before; a job within
    /// another has what that was told, too. What is said to [`current()`](crate::current) wins over it, secrets are
    /// redacted, and event processors of a scope run last. Events that the SDK is given have our trace and span ids,
    /// and go to the client of `sentry::init`; without one, to where our events go.
    ///
    /// ```
    /// let monitor = monitor_layer::Monitor::builder("api").isolate(true).build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    #[cfg(feature = "sentry")]
    pub fn isolate(mut self, isolated: bool) -> Self {
        self.errors.isolate = isolated;
        self
    }
}
