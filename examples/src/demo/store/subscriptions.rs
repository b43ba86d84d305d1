use sqlx::Row as _;

use super::Store;
use crate::plan::Plan;

impl Store {
    /// Subscribes a user, or moves one to another plan; `true` where it is the user's first subscription.
    pub(crate) async fn subscribe(&self, user: &str, plan: Plan) -> Result<bool, sqlx::Error> {
        let row = sqlx::query(
            "INSERT INTO subscriptions (user, plan, active, starts) VALUES (?, ?, TRUE, 1)
             ON CONFLICT (user) DO UPDATE SET plan = excluded.plan, active = TRUE, starts = starts + 1
             RETURNING starts",
        )
        .bind(user)
        .bind(plan.as_str())
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get::<i64, _>("starts")? == 1)
    }

    /// Ends a user's subscription; `false` where there is none.
    pub(crate) async fn unsubscribe(&self, user: &str) -> Result<bool, sqlx::Error> {
        let updated =
            sqlx::query("UPDATE subscriptions SET active = FALSE WHERE user = ? AND active")
                .bind(user)
                .execute(&self.pool)
                .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// How many users subscribe to each plan.
    pub(crate) async fn subscribers(&self) -> Result<Vec<(Plan, u64)>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT plan, COUNT(*) AS users FROM subscriptions WHERE active GROUP BY plan",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut counts = Plan::ALL.map(|plan| (plan, 0));
        for row in rows {
            let plan: &str = row.try_get("plan")?;
            if let Some((_, count)) = counts.iter_mut().find(|(known, _)| known.as_str() == plan) {
                *count = row.try_get::<i64, _>("users")?.unsigned_abs();
            }
        }
        Ok(counts.into())
    }
}
