use std::{error::Error, fmt, sync::Arc};

use super::{
    Counter, JobEnd, JobStatus, Metrics,
    catalog::{self, CONVERSION_TYPE, JOB_END, NICHE, RESOURCE, SIGNUP_METHOD},
    counter::Amounts,
    family::Family,
};

/// Reports the depth of the job queue and the number of jobs by status.
///
/// Every replica may report the same queue: alert rules take the largest report, not the sum.
///
/// ```
/// use monitor_layer::{JobStatus, Monitor};
///
/// let monitor = Monitor::builder("worker").build()?;
/// monitor.queue().depth(17);
/// monitor.queue().jobs(JobStatus::Running, 2);
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Queue(Arc<Metrics>);

impl Queue {
    pub(crate) fn of(metrics: &Arc<Metrics>) -> Self {
        Self(Arc::clone(metrics))
    }

    /// How many jobs wait in the whole queue: `job_queue_depth`.
    pub fn depth(&self, waiting: u64) {
        self.0.queue.depth.set(waiting as f64);
    }

    /// How many jobs stand there: `jobs_by_status`.
    pub fn jobs(&self, status: JobStatus, count: u64) {
        self.0.queue.jobs[status as usize].set(count as f64);
    }
}

/// Reports what the service earns, spends and wins.
///
/// ```
/// use monitor_layer::{JobEnd, Monitor, Revenue};
///
/// let monitor = Monitor::builder("worker").build()?;
/// let business = monitor.business();
/// business.signup("google");
/// business.revenue(Revenue::Purchase, 9.90)?;
/// business.job_cost("history", JobEnd::Completed, "gpu", 0.042)?;
/// assert!(business.credits_used(f64::NAN).is_err());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Business(Arc<Metrics>);

impl Business {
    pub(crate) fn of(metrics: &Arc<Metrics>) -> Self {
        Self(Arc::clone(metrics))
    }

    /// A user spent credits: `credits_used_total`.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] where it is no amount; nothing is counted then.
    pub fn credits_used(&self, credits: f64) -> Result<(), InvalidAmount> {
        self.0.business.credits_used.add(credits)
    }

    /// Money came in, in US dollars: `revenue_usd_total`.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] where it is no amount, as a refund's is: that is [`refund`](Self::refund).
    pub fn revenue(&self, from: Revenue, usd: f64) -> Result<(), InvalidAmount> {
        self.0.business.revenue[from as usize].add(usd)
    }

    /// Money was given back, in US dollars: `refunds_usd_total`.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] where it is no amount; nothing is counted then.
    pub fn refund(&self, of: Revenue, usd: f64) -> Result<(), InvalidAmount> {
        self.0.business.refunds[of as usize].add(usd)
    }

    /// A user signed up, by `email`, `google` or what else there is: `signups_total`.
    pub fn signup(&self, method: &str) {
        self.0
            .business
            .signups
            .with([method], Counter::default, Counter::add_one);
    }

    /// A user was won for something, as `trial_to_paid`: `conversions_total`.
    pub fn conversion(&self, kind: &str) {
        self.0
            .business
            .conversions
            .with([kind], Counter::default, Counter::add_one);
    }

    /// A job that is over used this much of a resource, in US dollars: `job_cost_usd_total`.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] where it is no amount; nothing is counted then.
    pub fn job_cost(
        &self,
        niche: &str,
        end: JobEnd,
        resource: &str,
        usd: f64,
    ) -> Result<(), InvalidAmount> {
        let costs = &self.0.business.job_costs;
        // All ends at once, for a series that is born above 0 is invisible to `rate`.
        for end in JobEnd::ALL {
            costs.with([niche, end.as_str(), resource], Amounts::default, |_| {});
        }
        costs.with([niche, end.as_str(), resource], Amounts::default, |cost| {
            cost.add(usd)
        })
    }
}

/// What money came in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revenue {
    /// Bought once.
    Purchase,
    /// Paid again and again.
    Subscription,
}

impl Revenue {
    pub(super) const ALL: [Self; 2] = [Self::Purchase, Self::Subscription];

    /// The value of the `type` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Subscription => "subscription",
        }
    }
}

/// An amount of money or credits that is none: negative, infinite, or no number; or one that would make the sum
/// infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvalidAmount(pub(super) f64);

impl fmt::Display for InvalidAmount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} is no amount that can be added; expected a finite number from 0 up",
            self.0
        )
    }
}

impl Error for InvalidAmount {}

/// The instruments behind [`Business`].
pub(super) struct BusinessMetrics {
    pub(super) credits_used: Amounts,
    /// In the order of `Revenue::ALL`.
    pub(super) revenue: [Amounts; Revenue::ALL.len()],
    /// In the order of `Revenue::ALL`.
    pub(super) refunds: [Amounts; Revenue::ALL.len()],
    pub(super) signups: Family<Counter, 1>,
    pub(super) conversions: Family<Counter, 1>,
    pub(super) job_costs: Family<Amounts, 3>,
}

impl BusinessMetrics {
    pub(super) fn new(budget: usize) -> Self {
        // What is known beforehand takes nothing off the budget.
        let known = ["email", "google"];
        let signups = Family::new(
            &catalog::SIGNUPS,
            [SIGNUP_METHOD],
            budget.saturating_add(known.len()),
        );
        for known in known {
            signups.with([known], Counter::default, |_| {});
        }
        Self {
            credits_used: Amounts::default(),
            revenue: Default::default(),
            refunds: Default::default(),
            signups,
            conversions: Family::new(&catalog::CONVERSIONS, [CONVERSION_TYPE], budget),
            job_costs: Family::new(&catalog::JOB_COST, [NICHE, JOB_END, RESOURCE], budget),
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl fmt::Debug for Business {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Business").finish_non_exhaustive()
    }
}
