//! Alerts that the service raises itself: typed, folded where they are alike, and sent by a thread for each channel.
//!
//! Raising one puts it, redacted and cut, into the [`backlog`] of each channel that takes its severity, and never waits.
//! A channel's thread takes the most severe and oldest one, lets its [`sink`] tell it, and counts what came of it.

#[allow(clippy::module_inception, reason = "it is what the module is about")]
mod alert;
mod alertmanager;
mod backlog;
mod channel;
mod channels;
mod failed_start;
mod failures;
mod key;
mod known;
mod notice;
mod pagerduty;
mod post;
mod self_test;
mod severity;
mod sink;
mod slack;
mod text;
mod warnings;

pub use self::{
    alert::Alert,
    alertmanager::Alertmanager,
    notice::AlertNotice,
    pagerduty::PagerDuty,
    self_test::AlertSelfTest,
    severity::AlertSeverity,
    sink::{AlertSink, DeliveryError},
    slack::Slack,
};
pub(crate) use self::{
    backlog::Pace,
    channels::{Alerts, NewChannel},
    failed_start::FailedStart,
    failures::{RaisedBy, failed},
    post::InvalidAddress,
};
