use super::{Definition, JOB_END, Kind, Label, NICHE, budgeted, closed, label_values};
use crate::metrics::{ActiveWindow, Revenue};

pub(crate) const RESOURCE: Label = budgeted("resource");
pub(crate) const SIGNUP_METHOD: Label = budgeted("method");
pub(crate) const CONVERSION_TYPE: Label = budgeted("type");
pub(crate) const PLAN: Label = budgeted("plan");
pub(crate) const MONEY_TYPE: Label = closed("type", label_values!(Revenue));
pub(crate) const ACTIVE_WINDOW: Label = closed("window", label_values!(ActiveWindow));

/// The metrics of what the service earns, spends and wins.
pub(crate) const BUSINESS: [&Definition; 8] = [
    &JOB_COST,
    &CREDITS_USED,
    &REVENUE,
    &REFUNDS,
    &SIGNUPS,
    &CONVERSIONS,
    &ACTIVE_USERS,
    &ACTIVE_SUBSCRIPTIONS,
];

pub(crate) const JOB_COST: Definition = Definition {
    name: "job_cost_usd_total",
    kind: Kind::Counter,
    help: "What jobs cost, in US dollars.",
    labels: &[NICHE, JOB_END, RESOURCE],
};
pub(crate) const CREDITS_USED: Definition = Definition {
    name: "credits_used_total",
    kind: Kind::Counter,
    help: "Credits that users spent.",
    labels: &[],
};
pub(crate) const REVENUE: Definition = Definition {
    name: "revenue_usd_total",
    kind: Kind::Counter,
    help: "Revenue, in US dollars; refunds are not taken off.",
    labels: &[MONEY_TYPE],
};
pub(crate) const REFUNDS: Definition = Definition {
    name: "refunds_usd_total",
    kind: Kind::Counter,
    help: "Refunds, in US dollars.",
    labels: &[MONEY_TYPE],
};
pub(crate) const SIGNUPS: Definition = Definition {
    name: "signups_total",
    kind: Kind::Counter,
    help: "Signups, by how the user signed up.",
    labels: &[SIGNUP_METHOD],
};
pub(crate) const CONVERSIONS: Definition = Definition {
    name: "conversions_total",
    kind: Kind::Counter,
    help: "Conversions, by what users were won for.",
    labels: &[CONVERSION_TYPE],
};
pub(crate) const ACTIVE_USERS: Definition = Definition {
    name: "active_users",
    kind: Kind::Gauge,
    help: "Users seen within the window: the whole service's where it counts them itself, else this instance's estimate.",
    labels: &[ACTIVE_WINDOW],
};
pub(crate) const ACTIVE_SUBSCRIPTIONS: Definition = Definition {
    name: "active_subscriptions",
    kind: Kind::Gauge,
    help: "Subscriptions that are paid for, by plan.",
    labels: &[PLAN],
};
