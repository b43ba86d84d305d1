use std::sync::Arc;

use monitor_layer::Monitor;

use crate::{
    plan::Plan,
    store::{Store, to_its_end},
};

/// Who subscribes to which plan.
pub(crate) struct Subscriptions {
    store: Store,
    monitor: Monitor,
    /// One report at a time, so that an older one does not overwrite a newer.
    reporting: tokio::sync::Mutex<()>,
}

impl Subscriptions {
    pub(crate) fn new(store: Store, monitor: Monitor) -> Arc<Self> {
        Arc::new(Self {
            store,
            monitor,
            reporting: tokio::sync::Mutex::default(),
        })
    }

    /// Subscribes a user, or moves one to another plan. Who never subscribed before was on trial until now.
    pub(crate) async fn start(
        self: &Arc<Self>,
        user: String,
        plan: Plan,
    ) -> Result<(), sqlx::Error> {
        let subscriptions = Arc::clone(self);
        to_its_end(async move {
            if subscriptions.store.subscribe(&user, plan).await? {
                let business = subscriptions.monitor.business();
                business.conversion("trial_to_paid");
            }
            subscriptions.report().await;
            Ok(())
        })
        .await
    }

    /// Ends a user's subscription; `false` where there is none.
    pub(crate) async fn end(self: &Arc<Self>, user: String) -> Result<bool, sqlx::Error> {
        let subscriptions = Arc::clone(self);
        to_its_end(async move {
            let ended = subscriptions.store.unsubscribe(&user).await?;
            subscriptions.report().await;
            Ok(ended)
        })
        .await
    }

    /// Tells the monitor how many users subscribe to what.
    pub(crate) async fn report(&self) {
        let _reporting = self.reporting.lock().await;
        match self.store.subscribers().await {
            Ok(counts) => {
                let business = self.monitor.business();
                for (plan, users) in counts {
                    business.active_subscriptions(plan.as_str(), users);
                }
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "The subscriptions could not be counted"
            ),
        }
    }
}
