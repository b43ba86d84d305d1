use std::sync::Arc;

use super::{
    Metrics,
    catalog::{ALERT_NOTIFICATIONS, CHANNEL, DELIVERY, SEVERITY},
    exposition::{MetricList, Number},
    instrument::Counter,
    series::Series,
};

/// What becomes of an alert on one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Sent,
    Deduplicated,
    Failed,
    Dropped,
}

impl Delivery {
    const ALL: [Self; 4] = [Self::Sent, Self::Deduplicated, Self::Failed, Self::Dropped];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Deduplicated => "deduplicated",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// The alerts of one severity on one channel.
pub(crate) struct DeliveryCounts {
    /// In the order of `Delivery::ALL`.
    by_outcome: [Series<Counter>; Delivery::ALL.len()],
}

impl DeliveryCounts {
    fn new(channel: &str, severity: &str) -> Self {
        let by_outcome = Delivery::ALL.map(|outcome| {
            let labels = [
                (CHANNEL.name, channel),
                (SEVERITY.name, severity),
                (DELIVERY.name, outcome.as_str()),
            ];
            Series::new(labels, Counter::default())
        });
        Self { by_outcome }
    }

    pub(crate) fn add_one(&self, outcome: Delivery) {
        self.by_outcome[outcome as usize].instrument.add_one();
    }
}

impl Metrics {
    /// The counts of a channel that alerts of this severity can reach: at 0 from now on.
    pub(crate) fn alerts(&self, channel: &str, severity: &'static str) -> Arc<DeliveryCounts> {
        let counts = self.alerts.get_or_make([channel, severity], |values| {
            let [channel, severity] = values;
            Arc::new(DeliveryCounts::new(channel, severity))
        });
        Arc::clone(counts)
    }

    pub(super) fn add_alerts<'a>(&'a self, metrics: &mut MetricList<'a>) {
        metrics.add(&ALERT_NOTIFICATIONS, |to| {
            for (_, counts) in self.alerts.iter() {
                for Series { labels, instrument } in &counts.by_outcome {
                    to.number(labels, Number::Count(instrument.value()));
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AlertSeverity, metrics::catalog::Values};

    #[test]
    fn outcomes_and_severities_are_those_of_the_catalogue() {
        let closed = |values| match values {
            Values::Closed(values) => values.to_vec(),
            Values::Code | Values::Budgeted => vec![],
        };
        assert_eq!(closed(DELIVERY.values), Delivery::ALL.map(Delivery::as_str));
        let mut severities = AlertSeverity::ALL.map(AlertSeverity::as_str);
        severities.reverse();
        assert_eq!(closed(SEVERITY.values), severities);
    }
}
