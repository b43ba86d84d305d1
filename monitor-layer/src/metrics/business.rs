use std::{error::Error, fmt, sync::Arc};

use super::{
    JobEnd, Metrics, Signal,
    catalog::{self, CONVERSION_TYPE, JOB_END, MONEY_TYPE, NICHE, PLAN, RESOURCE, SIGNUP_METHOD},
    family::Family,
    instrument::{Amounts, Counter, Gauge},
    series::Series,
};

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
        self.add(&self.0.business.credits_used, credits)
    }

    /// Money came in, in US dollars: `revenue_usd_total`.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] where it is no amount, as a refund's is: that is [`refund`](Self::refund).
    pub fn revenue(&self, from: Revenue, usd: f64) -> Result<(), InvalidAmount> {
        self.add(&self.0.business.revenue[from as usize].instrument, usd)
    }

    /// Money was given back, in US dollars: `refunds_usd_total`.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] where it is no amount; nothing is counted then.
    pub fn refund(&self, of: Revenue, usd: f64) -> Result<(), InvalidAmount> {
        self.add(&self.0.business.refunds[of as usize].instrument, usd)
    }

    /// A user signed up, by `email`, `google` or what else there is: `signups_total`.
    pub fn signup(&self, method: &str) {
        self.0.business.signups_by(method).add_one();
    }

    /// A user was won for something, as `trial_to_paid`: `conversions_total`.
    pub fn conversion(&self, kind: &str) {
        let conversions = &self.0.business.conversions;
        let of_kind = conversions.get_or_make([kind], |[kind]| {
            Series::new([(CONVERSION_TYPE.name, kind)], Counter::default())
        });
        of_kind.instrument.add_one();
    }

    /// How many subscriptions to this plan are paid for now: `active_subscriptions`.
    pub fn active_subscriptions(&self, plan: &str, count: u64) {
        let plans = &self.0.business.subscriptions;
        let of_plan = plans.get_or_make([plan], |[plan]| {
            Series::new([(PLAN.name, plan)], Gauge::default())
        });
        of_plan.instrument.set(count as f64);
    }

    /// A user was active: `active_users`, an estimate that keeps no id. Users that [`Current::user`] names within
    /// exchanges are counted already.
    ///
    /// [`Current::user`]: crate::Current::user
    pub fn active_user(&self, id: &str) {
        self.0.active_users.see(id);
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
        // Before the look-up, for what is refused makes no series.
        self.check(usd)?;
        let labels = [niche, resource];
        let costs = self
            .0
            .business
            .job_costs
            .get_or_make(labels, |[niche, resource]| {
                // All ends at once, for a series that is born above 0 is invisible to `rate`.
                JobEnd::ALL.map(|end| {
                    let labels = [
                        (NICHE.name, niche),
                        (JOB_END.name, end.as_str()),
                        (RESOURCE.name, resource),
                    ];
                    Series::new(labels, Amounts::default())
                })
            });
        self.add(&costs[end as usize].instrument, usd)
    }

    pub(crate) fn check(&self, amount: f64) -> Result<(), InvalidAmount> {
        Amounts::check(amount).inspect_err(|_| self.0.dropped(Signal::Observers))
    }

    /// What is refused is counted as an observation that was lost.
    fn add(&self, to: &Amounts, amount: f64) -> Result<(), InvalidAmount> {
        to.add(amount)
            .inspect_err(|_| self.0.dropped(Signal::Observers))
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
    pub(super) revenue: [Series<Amounts>; Revenue::ALL.len()],
    /// In the order of `Revenue::ALL`.
    pub(super) refunds: [Series<Amounts>; Revenue::ALL.len()],
    pub(super) signups: Family<Series<Counter>, 1>,
    pub(super) conversions: Family<Series<Counter>, 1>,
    /// In the order of `JobEnd::ALL`.
    pub(super) job_costs: Family<[Series<Amounts>; JobEnd::ALL.len()], 2>,
    pub(super) subscriptions: Family<Series<Gauge>, 1>,
}

impl BusinessMetrics {
    pub(super) fn new(budget: usize) -> Self {
        // What is known beforehand takes nothing off the budget.
        let known = ["email", "google"];
        let by_type = || {
            Revenue::ALL.map(|of| Series::new([(MONEY_TYPE.name, of.as_str())], Amounts::default()))
        };
        let this = Self {
            credits_used: Amounts::default(),
            revenue: by_type(),
            refunds: by_type(),
            signups: Family::new(
                &catalog::SIGNUPS,
                [SIGNUP_METHOD],
                budget.saturating_add(known.len()),
            ),
            conversions: Family::new(&catalog::CONVERSIONS, [CONVERSION_TYPE], budget),
            job_costs: Family::new(&catalog::JOB_COST, [NICHE, RESOURCE], budget),
            subscriptions: Family::new(&catalog::ACTIVE_SUBSCRIPTIONS, [PLAN], budget),
        };
        for method in known {
            this.signups_by(method);
        }
        this
    }

    fn signups_by(&self, method: &str) -> &Counter {
        let signups = self.signups.get_or_make([method], |[method]| {
            Series::new([(SIGNUP_METHOD.name, method)], Counter::default())
        });
        &signups.instrument
    }
}

impl fmt::Debug for Business {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Business").finish_non_exhaustive()
    }
}
